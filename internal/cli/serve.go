package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
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
			flag := f.VarPF(&settingValue{text: row.Default, kind: row.Value}, row.Name, "", row.Help)
			if row.Value == "bool" {
				flag.NoOptDefVal = "true"
			}
			flag.Annotations = map[string][]string{settingFlag: nil}
		}
	}
}

// settingValue is a flag that config checks. Its kind is shown in the help.
type settingValue struct{ text, kind string }

// Set takes the value (pflag.Value).
func (v *settingValue) Set(text string) error { v.text = text; return nil }

// String returns the value.
func (v *settingValue) String() string { return v.text }

// Type says what a value is.
func (v *settingValue) Type() string { return v.kind }

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

// serveCommand is the name of the command that runs the mid-tier.
const serveCommand = "serve"

func newServe(env Env, g *globals) *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use: serveCommand, Short: "Run the mid-tier that edits profiles", Args: cobra.NoArgs,
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

// rareGC lets the garbage collector run more rarely than by default: the mid-tier
// lives in some megabytes, and would spend a fifth of its time on them.
const rareGC = 400

// softLimit is the memory from which on it runs as often as it has to.
const softLimit = 60 << 20

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
		Graph: settings.Text("graph"), CAFile: settings.Text("ca-file"), AuthContext: settings.Text("require-auth-context"), MaxAge: settings.Duration("max-age"), DrainDelay: settings.Duration("drain-delay"), Timeout: settings.Duration("timeout"), Rate: settings.Int("rate"), Profiling: settings.Bool("pprof"),
		Cache: settings.Text("cache"), CachePassword: settings.Secret("cache-password").Reveal(), CacheKeyFile: settings.Text("cache-key-file"),
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
	settings, err := config.Load(config.Source{
		Table: config.Server(), Section: "serve", Flags: o.given(), Getenv: env.Getenv, File: file,
		Fix: "correct it where it comes from; `profilectl serve --help` tells what each setting is",
	})
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
