package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/profilectl/profilectl/internal/auditlog"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

const (
	// ownScope is the scope that the mid-tier exposes.
	ownScope = "EditProfileService.ReadWrite"
	// graphScope is the scope of the tokens that it exchanges.
	graphScope = "https://graph.microsoft.com/User.ReadWrite"
)

// Open assembles a mid-tier. It discovers the tenant's endpoints and fetches its
// signing keys. If the tenant is unreachable, the Server is not ready, rejects
// requests with status 503, and keeps trying. What runs in the background stops when
// ctx is done.
//
// Open fails with a Usage fault if the settings cannot be used or there is no such
// tenant.
func Open(ctx context.Context, s Settings, log *slog.Logger) (*Server, error) {
	s = s.withDefaults()
	credential, err := s.identity(log)
	if err != nil {
		return nil, err
	}
	p, err := assemble(ctx, s, log)
	if err != nil {
		return nil, err
	}
	server := newServer(s, credential, p, log)
	if server.parts.audit, err = openAudit(s); err == nil {
		err = server.start(ctx)
	}
	if err != nil {
		_ = server.Close() // nothing was written
		return nil, err
	}
	return server, nil
}

// identity returns the credential. It fails with a Usage fault if the settings do
// not say with which client id and credential the mid-tier authenticates.
func (s Settings) identity(log *slog.Logger) (obo.Credential, error) {
	if s.ClientID == "" {
		return obo.Credential{}, &fault.Error{
			Kind: fault.Usage,
			What: "no client id is configured",
			Fix:  "set client-id",
			Next: fault.DoCheckSettings,
		}
	}
	return s.Credential.open("", log)
}

// attributesPrefix is the prefix of the settings of the credential for custom attributes.
const attributesPrefix = "attributes-"

// given returns the number of credentials that are set.
func (c CredentialSettings) given() int {
	given := 0
	for _, value := range []string{c.Secret, c.SecretFile, c.Certificate, c.FederatedTokenFile} {
		if value != "" {
			given++
		}
	}
	return given
}

// open reads the credential. The names of its settings begin with prefix.
func (c CredentialSettings) open(prefix string, log *slog.Logger) (obo.Credential, error) {
	switch {
	case c.given() > 1:
		return obo.Credential{}, &fault.Error{
			Kind: fault.Usage,
			What: "more than one client credential is configured",
			Fix:  "set one of " + credentialNames(prefix, "and"),
		}
	case c.Secret != "":
		return obo.Secret(c.Secret, log)
	case c.SecretFile != "":
		return obo.SecretFile(c.SecretFile, log)
	case c.Certificate != "":
		return obo.Certificate(c.Certificate, c.CertificatePassword, log)
	case c.FederatedTokenFile != "":
		return obo.FederatedToken(c.FederatedTokenFile, log)
	}
	return obo.Credential{}, &fault.Error{
		Kind: fault.Usage,
		What: "no client credential is configured",
		Fix:  "set " + credentialNames(prefix, "or"),
		Next: fault.DoCheckSettings,
	}
}

// credentialNames returns the names of the settings of which one holds the credential, as
// words. The credential for custom attributes is always in a file.
func credentialNames(prefix, conjunction string) string {
	names := prefix + "client-secret-file, " + prefix + "client-certificate " +
		conjunction + " " + prefix + "federated-token-file"
	if prefix == "" {
		names = "client-secret, " + names
	}
	return names
}

// kind returns the name of the setting that holds the credential.
func (c CredentialSettings) kind(prefix string) string {
	switch {
	case c.SecretFile != "":
		return prefix + "client-secret-file"
	case c.Certificate != "":
		return prefix + "client-certificate"
	case c.FederatedTokenFile != "":
		return prefix + "federated-token-file"
	default:
		return prefix + "client-secret"
	}
}

// parts are what a mid-tier consists of, apart from its tenant.
type parts struct {
	http     *http.Client // for Graph
	tenant   *http.Client // for the tenant; shares the connections of http
	pacing   *pacing
	breakers *upstream.Breakers
	tracer   *tracing.Tracer
	shared   *shared.Store // nil without a shared cache
	audit    *auditlog.Log // nil without an audit log
	// attributes is nil if only the built-in fields can be changed.
	attributes *customFields
}

// assemble makes the parts but the audit log, in the order in which they need each other.
func assemble(ctx context.Context, s Settings, log *slog.Logger) (p parts, err error) {
	defer func() {
		if err != nil {
			_ = p.close(log) // nothing was stored
		}
	}()
	if p.tracer, err = newTracer(ctx, s, log); err != nil {
		return p, err
	}
	p.breakers = upstream.NewBreakers(log)
	if p.http, err = s.client(p.breakers, p.tracer); err != nil {
		return p, err
	}
	if p.shared, err = openCache(s, log); err != nil {
		return p, err
	}
	if p.attributes, err = openAttributes(s, log); err != nil {
		return p, err
	}
	if p.pacing, err = newPacing(s, p.shared, log); err != nil {
		return p, err
	}
	p.tenant = p.pacing.client(p.http, p.breakers)
	return p, nil
}

// stopTimeout limits how long the last traces are sent.
const stopTimeout = 5 * time.Second

// close sends the last traces and releases what the parts hold.
func (p parts) close(log *slog.Logger) (err error) {
	if p.tracer != nil {
		p.stopTracer(log)
	}
	if p.shared != nil {
		err = p.shared.Close()
	}
	if p.audit != nil {
		err = errors.Join(err, p.audit.Close())
	}
	return err
}

// stopTracer sends the last traces.
func (p parts) stopTracer(log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := p.tracer.Stop(ctx); err != nil {
		log.Warn("the last traces are lost", "error", err)
	}
}

// client returns the client for the tenant and Graph. It has no timeout: every
// request has a context with a deadline.
func (s Settings) client(breakers *upstream.Breakers, tracer *tracing.Tracer) (*http.Client, error) {
	if s.HTTP != nil {
		return s.HTTP, nil
	}
	return upstream.New(upstream.Config{
		CAFile:    s.CAFile,
		Timeout:   -1,
		UserAgent: s.userAgent(),
		Breakers:  breakers,
		Trace:     tracer,
	})
}

// newTracer returns a tracer. It has a client of its own: the circuit breakers and
// the spans are for the tenant and Graph, not for the collector.
func newTracer(ctx context.Context, s Settings, log *slog.Logger) (*tracing.Tracer, error) {
	if s.Traces.Endpoint == "" {
		return tracing.New(ctx, tracing.Config{})
	}
	client, err := upstream.New(upstream.Config{CAFile: s.CAFile, UserAgent: s.userAgent()})
	if err != nil {
		return nil, err
	}
	t, err := tracing.New(ctx, tracing.Config{
		Endpoint: s.Traces.Endpoint,
		Headers:  s.Traces.Headers,
		Lenient:  s.Traces.Lenient,
		Version:  s.Version,
		HTTP:     client,
		Log:      log,
	})
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "traces cannot be sent: " + err.Error(),
			Fix:  "correct otlp-headers",
			Err:  err,
		}
	}
	return t, nil
}

// openCache returns the shared cache, or nil if there is none.
func openCache(s Settings, log *slog.Logger) (*shared.Store, error) {
	if s.Cache.Address == "" {
		return nil, nil
	}
	roots, err := upstream.Roots(s.CAFile)
	if err != nil {
		return nil, err
	}
	return shared.Open(shared.Config{
		Address:  s.Cache.Address,
		Password: s.Cache.Password,
		KeyFile:  s.Cache.KeyFile,
		Roots:    roots,
		Log:      log,
	})
}

// dependency is an optional dependency of a mid-tier.
type dependency struct {
	name        string
	unavailable bool
}

// optional returns the optional dependencies: the shared cache, if there is one, the hosts
// to which requests were sent, each of which is unavailable while its circuit is open, and
// the custom attributes, which are unavailable while their credential is rejected.
func (p parts) optional() []dependency {
	var all []dependency
	open := p.breakers.Open()
	for _, host := range p.breakers.Hosts() {
		all = append(all, dependency{host, slices.Contains(open, host)})
	}
	if p.shared != nil {
		all = append(all, dependency{"shared cache", !p.shared.Available()})
	}
	if p.attributes != nil && p.attributes.credential != nil {
		all = append(all, dependency{"custom attributes", p.attributes.rejected.Load()})
	}
	return all
}
