package cli

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

// midTierScope is the scope that the mid-tier exposes, and writeScope what it
// exchanges a token for.
const (
	midTierScope = "EditProfileService.ReadWrite"
	writeScope   = "https://graph.microsoft.com/User.ReadWrite"
)

// serverConfig is what the mid-tier is made of.
type serverConfig struct {
	Authority, TenantID, ClientID, Graph, CAFile, AuthContext string
	Credential                                                obo.Credential
	Timeout, MaxAge, DrainDelay                               time.Duration
	Rate                                                      int
	Profiling                                                 bool
	NotifySocket, OTLPEndpoint, OTLPHeaders                   string
	Cache, CachePassword, CacheKeyFile                        string
}

// parts are what the mid-tier is put together from.
type parts struct {
	authority authority.Authority
	verifier  *bearer.Verifier
	exchange  *obo.Exchanger
	http      *http.Client
	breakers  *upstream.Breakers
	trace     *tracing.Tracer
	shared    *shared.Store // nil without one
}

// newParts makes the parts. What they run in the background ends with ctx.
func newParts(ctx context.Context, c serverConfig, log *slog.Logger) (p parts, err error) {
	if p.trace, err = newTracer(ctx, c, log); err != nil {
		return p, err
	}
	p.breakers = upstream.NewBreakers(log)
	if p.http, err = upstream.New(upstream.Config{CAFile: c.CAFile, Timeout: -1, UserAgent: userAgent(), Breakers: p.breakers, Trace: p.trace}); err != nil {
		return p, err
	}
	form, err := authority.Parse(withTenant(c.Authority, c.TenantID))
	if err != nil {
		return p, err
	}
	const startLimit = 30 * time.Second // requests have limits of their own
	discovery, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if p.authority, err = authority.Discover(discovery, p.http, form); err != nil {
		return p, upstream.Fault(err, "cannot reach the tenant")
	}
	if c.TenantID != "" && !strings.EqualFold(c.TenantID, p.authority.TenantID) {
		return p, &fault.Error{Kind: fault.Usage, What: "the authority belongs to another tenant than tenant-id says", Fix: "correct authority or tenant-id"}
	}
	p.verifier, err = bearer.New(ctx, bearer.Config{Authority: p.authority, ClientID: c.ClientID, Scope: midTierScope, AuthContext: c.AuthContext, MaxAge: c.MaxAge, HTTP: p.http, Log: log})
	if err != nil {
		return p, err
	}
	if c.Cache != "" {
		roots, err := upstream.Roots(c.CAFile)
		if err != nil {
			return p, err
		}
		if p.shared, err = shared.Open(shared.Config{Address: c.Cache, Password: c.CachePassword, KeyFile: c.CacheKeyFile, Roots: roots, Log: log}); err != nil {
			return p, err
		}
	}
	p.exchange, err = obo.New(obo.Config{Authority: p.authority, ClientID: c.ClientID, Credential: c.Credential, HTTP: p.http, Scope: writeScope, Shared: p.shared})
	return p, err
}

// newTracer makes the tracer, with a client of its own for the collector.
func newTracer(ctx context.Context, c serverConfig, log *slog.Logger) (*tracing.Tracer, error) {
	if c.OTLPEndpoint == "" {
		return tracing.New(ctx, tracing.Config{})
	}
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
		Verifier: p.verifier, Exchange: p.exchange, Graph: &graph.Client{Base: c.Graph, HTTP: p.http}, Log: log, Timeout: c.Timeout, Rate: c.Rate, Profiling: c.Profiling, Trace: p.trace, Shared: p.shared, Degraded: p.degraded, DrainDelay: c.DrainDelay, NotifySocket: c.NotifySocket,
		Issuer: challenge.Issuer{AuthorizationURI: p.authority.AuthorizationEndpoint, ClientID: c.ClientID},
	}), nil
}

// degraded names what does not work at present and is done without.
func (p parts) degraded() []string {
	if p.shared == nil {
		return p.breakers.Open()
	}
	return append(p.breakers.Open(), p.shared.Degraded()...)
}

// withTenant completes an authority that is only a host, as the sample's API has
// it, with the tenant's id beside it.
func withTenant(text, tenantID string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || tenantID == "" {
		return text
	}
	return strings.TrimSuffix(text, "/") + "/" + tenantID
}
