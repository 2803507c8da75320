package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

// midTierScope is the scope that the mid-tier exposes, and writeScope what it
// exchanges a token for.
const (
	midTierScope = "EditProfileService.ReadWrite"
	writeScope   = "https://graph.microsoft.com/User.ReadWrite"
)

type serveOptions struct {
	Flags *pflag.FlagSet
	Check bool
}

func (o *serveOptions) bind(f *pflag.FlagSet) {
	o.Flags = f
	f.BoolVar(&o.Check, "check", false, "try the configuration, the tenant, the credential and Graph, and serve nobody")
	for _, row := range config.Server() {
		if !row.Secret {
			f.String(row.Name, "", row.Help)
			f.Lookup(row.Name).Annotations = map[string][]string{settingFlag: nil}
		}
	}
}

// given are the settings that stand on the command line.
func (o *serveOptions) given() map[string]string {
	given := map[string]string{}
	o.Flags.Visit(func(f *pflag.Flag) {
		for _, row := range config.Server() {
			if row.Name == f.Name && !row.Secret {
				given[f.Name] = f.Value.String()
			}
		}
	})
	return given
}

func newServe(env Env, g *globals) *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use: "serve", Short: "Run the mid-tier that edits profiles", Args: cobra.NoArgs,
		Long: `Run the mid-tier: a web API that verifies the caller's access token, exchanges it
On-Behalf-Of for Microsoft Graph, and changes the caller's own profile.

The environment of the how-to's API works as it is: TENANT_SUBDOMAIN, TENANT_ID,
CLIENT_ID, CLIENT_SECRET, GRAPH_API_ENDPOINT.

The mid-tier proves itself to the tenant with one of: a client secret, from the
environment or a file, never from a flag; a certificate; or the token of a
workload identity. Files are read again when they change.`,
		Example: `  profilectl serve --authority contoso --client-id 11111111-… --client-secret-file secret
  profilectl serve --client-certificate mid-tier.pem
  profilectl serve --check`,
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// serverConfig is what the mid-tier is made of.
type serverConfig struct {
	Authority, TenantID, ClientID, Graph, CAFile, AuthContext string
	Credential                                                obo.Credential
	Timeout, MaxAge, DrainDelay                               time.Duration
	Rate                                                      int
	NotifySocket, OTLPEndpoint, OTLPHeaders                   string
}

// parts are what the mid-tier is put together from.
type parts struct {
	authority authority.Authority
	verifier  *bearer.Verifier
	exchange  *obo.Exchanger
	http      *http.Client
	breakers  *upstream.Breakers
	trace     *tracing.Tracer
}

// newParts makes the parts. What they run in the background ends with ctx.
func newParts(ctx context.Context, c serverConfig, log *slog.Logger) (p parts, err error) {
	if p.trace, err = newTracer(ctx, c, log); err != nil {
		return p, err
	}
	p.breakers = upstream.NewBreakers(log)
	if p.http, err = upstream.New(upstream.Config{CAFile: c.CAFile, Timeout: c.Timeout, UserAgent: userAgent(), Breakers: p.breakers, Trace: p.trace}); err != nil {
		return p, err
	}
	form, err := authority.Parse(withTenant(c.Authority, c.TenantID))
	if err != nil {
		return p, err
	}
	if p.authority, err = authority.Discover(ctx, p.http, form); err != nil {
		return p, upstream.Fault(err, "cannot reach the tenant")
	}
	if c.TenantID != "" && !strings.EqualFold(c.TenantID, p.authority.TenantID) {
		return p, &fault.Error{Kind: fault.Usage, What: "the authority belongs to another tenant than tenant-id says", Fix: "correct authority or tenant-id"}
	}
	p.verifier, err = bearer.New(ctx, bearer.Config{Authority: p.authority, ClientID: c.ClientID, Scope: midTierScope, AuthContext: c.AuthContext, MaxAge: c.MaxAge, HTTP: p.http, Log: log})
	if err != nil {
		return p, err
	}
	p.exchange, err = obo.New(obo.Config{Authority: p.authority, ClientID: c.ClientID, Credential: c.Credential, HTTP: p.http, Scope: writeScope})
	return p, err
}

// newTracer makes the tracer, with a client of its own for the collector.
func newTracer(ctx context.Context, c serverConfig, log *slog.Logger) (*tracing.Tracer, error) {
	client, err := upstream.New(upstream.Config{CAFile: c.CAFile, UserAgent: userAgent()})
	if err != nil {
		return nil, err
	}
	t, err := tracing.New(ctx, tracing.Config{Endpoint: c.OTLPEndpoint, Headers: c.OTLPHeaders, Version: thisBuild().Version, HTTP: client, Log: log})
	if err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: "traces cannot be sent: " + err.Error(), Fix: "correct otlp-headers, or OTEL_RESOURCE_ATTRIBUTES", Err: err}
	}
	return t, nil
}

// newServer puts the mid-tier together.
func newServer(ctx context.Context, c serverConfig, log *slog.Logger) (*serve.Server, error) {
	p, err := newParts(ctx, c, log)
	if err != nil {
		return nil, err
	}
	return serve.New(serve.Config{
		Verifier: p.verifier, Exchange: p.exchange, Graph: &graph.Client{Base: c.Graph, HTTP: p.http}, Log: log, Timeout: c.Timeout, Rate: c.Rate, Trace: p.trace, Degraded: p.breakers.Open, DrainDelay: c.DrainDelay, NotifySocket: c.NotifySocket,
		Issuer: challenge.Issuer{AuthorizationURI: p.authority.AuthorizationEndpoint, ClientID: c.ClientID},
	}), nil
}

// rareGC lets the garbage collector run more rarely than by default: the mid-tier
// lives in some megabytes, and would spend a fifth of its time on them.
const rareGC = 400

// softLimit is the memory from which on it runs as often as it has to.
const softLimit = 64 << 20

// withTenant completes an authority that is only a host, as the sample's API has
// it, with the tenant's id beside it.
func withTenant(text, tenantID string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || tenantID == "" {
		return text
	}
	return strings.TrimSuffix(text, "/") + "/" + tenantID
}

func runServe(ctx context.Context, env Env, g *globals, o serveOptions) error {
	settings, err := g.serverSettings(env, o)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	credential, err := credential(settings, log)
	if err != nil {
		return err
	}
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(rareGC)
	}
	if env.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	c := serverConfig{
		Authority: settings.Text("authority"), TenantID: settings.Text("tenant-id"), ClientID: settings.Text("client-id"), Credential: credential,
		Graph: settings.Text("graph"), CAFile: settings.Text("ca-file"), AuthContext: settings.Text("require-auth-context"), MaxAge: settings.Duration("max-age"), DrainDelay: settings.Duration("drain-delay"), Timeout: settings.Duration("timeout"), Rate: settings.Int("rate"),
		NotifySocket: env.Getenv("NOTIFY_SOCKET"), OTLPEndpoint: settings.Text("otlp-endpoint"), OTLPHeaders: settings.Secret("otlp-headers").Reveal(),
	}
	if o.Check {
		return checkServer(ctx, env, g, c)
	}
	server, err := newServer(ctx, c, log)
	if err != nil {
		return err
	}
	public, err := listenPublic(settings, log)
	if err != nil {
		return err
	}
	admin, err := listen("admin-listen", settings)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	log.Info("serving", "address", public.Addr().String(), "admin", admin.Addr().String(), "tls", settings.Text("tls-cert") != "")
	if ready := env.Getenv("PROFILECTL_READY_FILE"); ready != "" { // for whoever started us with port 0
		scheme := "http://"
		if settings.Text("tls-cert") != "" {
			scheme = "https://"
		}
		if err := writeFile(ready, []byte(scheme+public.Addr().String()+"\n")); err != nil {
			return err
		}
	}
	return server.Run(ctx, public, admin)
}

func (g *globals) serverSettings(env Env, o serveOptions) (config.Settings, error) {
	path := g.Config
	if path == "" {
		paths, err := config.LocatePaths(env.GOOS, env.Getenv)
		if err != nil {
			paths = config.Paths{} // a service may have no home; it needs no file either
		}
		path = paths.Config
	}
	file, err := config.Read(path)
	if err != nil {
		return config.Settings{}, err
	}
	settings, err := config.Load(config.Source{Table: config.Server(), Section: "serve", Flags: o.given(), Getenv: env.Getenv, File: file})
	if err != nil {
		return config.Settings{}, err
	}
	return settings, settings.Need("give --authority and --client-id, or set TENANT_SUBDOMAIN and CLIENT_ID", "authority", "client-id")
}

func listenPublic(settings config.Settings, log *slog.Logger) (net.Listener, error) {
	cert, key := settings.Text("tls-cert"), settings.Text("tls-key")
	if err := serve.CheckAddress(settings.Text("listen"), cert != "", settings.Bool("behind-proxy")); err != nil {
		return nil, err
	}
	if cert == "" && key == "" {
		return listen("listen", settings)
	}
	certificate, err := serve.LoadCertificate(cert, key, log)
	if err != nil {
		return nil, err
	}
	l, err := listen("listen", settings)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{GetCertificate: certificate, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

func listen(name string, settings config.Settings) (net.Listener, error) {
	address := settings.Text(name)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("cannot listen on %s", address), Fix: "stop the program that has the port, or choose another one with --" + name, Err: err}
	}
	return l, nil
}
