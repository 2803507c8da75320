package serve

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/probe"
	"github.com/profilectl/profilectl/internal/upstream"
)

const (
	// discoveryTimeout limits the discovery of the tenant's endpoints.
	discoveryTimeout = 30 * time.Second
	// startTimeout limits the discovery at startup, after which it continues in the
	// background.
	startTimeout = 5 * time.Second
	// minBackoff and maxBackoff limit the delays of an exponential backoff, with which a
	// tenant that was unreachable at startup is discovered again.
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
)

// tenant verifies and exchanges the tokens of a discovered tenant.
type tenant struct {
	verifier  *bearer.Verifier
	exchanger *obo.Exchanger
	passwords *obo.Exchanger // for changes of passwords; nil if they are not offered
	// application acquires the tokens that change custom attributes; nil if there is none.
	application *obo.Application
	issuer      challenge.Issuer // of claims challenges: this API, at its tenant
	id          string
	probe       *probe.Probe // of the credential; nil if it is not checked
	suspect     func()       // starts checks of the credential in the background
}

// probeCredential makes t check the credential when the tenant rejects it. The checks end
// with ctx.
func (t *tenant) probeCredential(ctx context.Context, interval time.Duration, log *slog.Logger) {
	t.suspect = func() {}
	if interval == 0 {
		return
	}
	t.probe = probe.New(probe.Config{
		Check: func(ctx context.Context) (probe.Result, string) {
			err := t.exchanger.Check(ctx)
			switch {
			case err == nil:
				return probe.Accepted, ""
			case obo.RejectsCredential(err):
				return probe.Rejected, fault.As(err).What
			}
			return probe.Unknown, ""
		},
		Interval: interval,
		Timeout:  startTimeout,
		Log:      log,
	})
	t.suspect = func() { t.probe.Suspect(ctx) }
}

// rejected reports whether the tenant rejects the credential.
func (t *tenant) rejected() bool { return t != nil && t.probe != nil && t.probe.Rejected() }

// connect discovers the tenant within a time limit and fetches its signing keys.
func (p parts) connect(
	ctx context.Context,
	s Settings,
	credential obo.Credential,
	limit time.Duration,
	log *slog.Logger,
) (*tenant, error) {
	found, err := discover(ctx, s, p.tenant, limit)
	if err != nil {
		return nil, err
	}
	t := &tenant{
		issuer: challenge.Issuer{AuthorizationURI: found.AuthorizationEndpoint, ClientID: s.ClientID},
		id:     found.TenantID,
	}
	t.probeCredential(ctx, s.ProbeInterval, log)
	config := obo.Config{
		Authority:  found,
		ClientID:   s.ClientID,
		Credential: credential,
		HTTP:       p.tenant,
		Scope:      graphScope,
		Shared:     p.shared,
	}
	if t.exchanger, err = obo.New(config); err != nil {
		return nil, err
	}
	if t.passwords, err = newPasswords(s, config); err != nil {
		return nil, err
	}
	if t.application, err = newApplication(s, found, p.attributes, p.tenant); err != nil {
		return nil, err
	}
	t.verifier, err = bearer.New(ctx, bearer.Config{
		Authority:   found,
		ClientID:    s.ClientID,
		Audiences:   s.Audiences,
		Scope:       ownScope,
		AuthContext: s.AuthContext,
		MaxAge:      s.MaxAge,
		HTTP:        p.tenant,
		Log:         log,
	})
	return t, err
}

// newApplication returns what acquires the tokens that change custom attributes, or nil
// if there are none that users may change.
func newApplication(
	s Settings,
	found authority.Authority,
	a *customFields,
	client *http.Client,
) (*obo.Application, error) {
	if a == nil || a.credential == nil {
		return nil, nil
	}
	return obo.NewApplication(obo.ApplicationConfig{
		Authority:  found,
		ClientID:   s.Attributes.ClientID,
		Credential: *a.credential,
		HTTP:       client,
		Scope:      attributesScope,
	})
}

// discover returns the authority that the tenant describes.
func discover(
	ctx context.Context,
	s Settings,
	client *http.Client,
	limit time.Duration,
) (authority.Authority, error) {
	form, err := authority.Parse(s.authority())
	if err != nil {
		return authority.Authority{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found, err := authority.Discover(ctx, client, form)
	if err != nil {
		return found, upstream.Fault(err, "cannot reach the tenant")
	}
	if s.TenantID != "" && !strings.EqualFold(s.TenantID, found.TenantID) {
		return found, &fault.Error{
			Kind: fault.Usage,
			What: "authority and tenant-id name different tenants",
			Fix:  "correct authority or tenant-id",
		}
	}
	return found, nil
}

// start connects to the tenant. If the tenant is unreachable, start returns, and
// connects in the background as soon as it is reachable. It returns the fault of any
// other failure, which no retry fixes.
func (s *Server) start(ctx context.Context) error {
	t, err := s.parts.connect(ctx, s.settings, s.credential, startTimeout, s.log)
	switch {
	case err == nil:
		s.use(ctx, t)
		return nil
	case fault.As(err).Kind != fault.Unavailable:
		return err
	}
	s.logUnreachable(err)
	go s.retry(ctx)
	return nil
}

// retry connects to the tenant as soon as that succeeds, or returns when ctx ends. It
// also continues after a failure that start would return: while a service recovers,
// a proxy may answer anything instead.
func (s *Server) retry(ctx context.Context) {
	for delay := minBackoff; ; delay = min(2*delay, maxBackoff) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
		t, err := s.parts.connect(ctx, s.settings, s.credential, discoveryTimeout, s.log)
		switch {
		case err == nil:
			s.use(ctx, t)
			s.log.Info("the tenant is reachable")
			return
		case ctx.Err() != nil:
			return
		}
		s.logUnreachable(err)
	}
}

// use serves requests with a tenant, once it is known whether the tenant accepts the
// credentials.
func (s *Server) use(ctx context.Context, t *tenant) {
	if t.probe != nil {
		t.probe.First(ctx)
	}
	if t.application != nil {
		s.tryApplication(ctx, t.application)
	}
	s.tenant.Store(t)
}

// tryApplication logs whether the tenant rejects the credential of custom attributes,
// which the first change would find out otherwise. The token is kept for that change.
func (s *Server) tryApplication(ctx context.Context, a *obo.Application) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := a.Token(ctx, obo.Assertion{}); err != nil {
		s.parts.attributes.note(ctx, err)
	}
}

func (s *Server) logUnreachable(err error) {
	f := fault.As(err)
	s.log.Warn("the tenant is not available; the mid-tier is not ready and tries again",
		"reason", f.What, "fix", f.Advice())
}

// ready reports whether requests can be processed: the tenant is discovered and its
// signing keys are loaded.
func (t *tenant) ready(ctx context.Context) bool { return t != nil && t.verifier.Ready(ctx) }

// needTenant rejects requests while the tenant is not ready.
func (s *Server) needTenant(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.tenant.Load().ready(r.Context()) {
			next(w, r)
			return
		}
		const wait = 5 * time.Second
		s.reject(w, r, http.StatusServiceUnavailable, &fault.Error{
			Kind:       fault.Unavailable,
			What:       "the mid-tier cannot reach its tenant yet",
			Fix:        "try again in " + seconds(wait) + " seconds",
			RetryAfter: wait,
		})
	}
}
