package playground

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// midTier serves the mid-tier of the current tenant. An import replaces both.
type midTier struct {
	handler atomic.Pointer[http.Handler]
	open    func(sandbox.Facts) (http.Handler, error)
}

// start serves the mid-tier of a tenant, if it has one.
func (m *midTier) start(f sandbox.Facts) error {
	if m.open == nil || f.MidTierID == "" {
		return nil
	}
	handler, err := m.open(f)
	if err == nil {
		m.handler.Store(&handler)
	}
	return err
}

// ServeHTTP passes a request on to the mid-tier.
func (m *midTier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*m.handler.Load()).ServeHTTP(w, r)
}

// startMidTier serves the mid-tier of the tenant in the background.
func (p *Playground) startMidTier(ctx context.Context, o Options, a addresses, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	p.onClose(cancel)
	var client *http.Client // nil is the default of the mid-tier
	if a.remote {
		client = &http.Client{Transport: p.Transport}
	}
	p.midTier.open = func(f sandbox.Facts) (http.Handler, error) {
		attributes, err := p.attributeSettings(o, f)
		if err != nil {
			return nil, err
		}
		server, err := serve.Open(ctx, serve.Settings{
			Authority:  f.Authority,
			ClientID:   f.MidTierID,
			Credential: serve.CredentialSettings{Secret: f.MidTierSecret},
			Graph:      f.Graph,
			CAFile:     p.CAFile,
			HTTP:       client,
			Version:    o.Version,
			Attributes: attributes,
			// The mid-tier of a new tenant has the permission for it.
			AllowPasswordChange: true,
			// A single-page app calls the mid-tier as it calls Graph.
			AllowOrigin: p.Tenant.AllowsOrigin,
		}, o.Log)
		if err != nil {
			return nil, err
		}
		return server.Public(), nil
	}
	if err := p.midTier.start(p.Facts); err != nil {
		return err
	}
	p.MidTier = a.midTier
	p.serve(l, p.midTier, o.Log)
	return nil
}

// follower replaces what depends on the tenant's facts when they change.
type follower struct {
	playground *Playground
	options    Options

	mu      sync.Mutex    // guards known
	known   sandbox.Facts // the latest facts
	working sync.Mutex    // held while follow runs
}

// followChanges returns a function that wraps a handler. When a request to one of the
// handlers replaces the tenant, a client secret, or the seeded user's address or password,
// the wrapper also replaces what depends on them, before the client gets the response.
func (p *Playground) followChanges(o Options) func(http.Handler) http.Handler {
	f := &follower{playground: p, options: o, known: p.Tenant.Facts()}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			if r.Method == http.MethodGet {
				return
			}
			if before, changed := f.swap(p.Tenant.Facts()); changed {
				f.follow(before)
			}
		})
	}
}

// swap stores the latest facts and returns those before, and whether they differ.
func (f *follower) swap(latest sandbox.Facts) (before sandbox.Facts, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, f.known = f.known, latest
	return before, before != latest
}

// follow stores the password of the seeded user, starts the mid-tier with other secrets or of
// another tenant, and reports another tenant.
func (f *follower) follow(before sandbox.Facts) {
	f.working.Lock()
	defer f.working.Unlock()
	after := f.playground.Tenant.Facts() // also includes the changes of later requests
	log := func(what string, err error) {
		if err != nil {
			f.options.Log.Error(what, slog.Any("error", err))
		}
	}
	if f.options.Dir != "" {
		log("store the password of the user", f.playground.storePassword())
	}
	if before = withUserOf(after, before); before == after {
		return
	}
	log("start the mid-tier of the changed tenant", f.playground.midTier.start(after))
	if f.options.Replaced != nil && withSecretsOf(after, before) != after {
		log("register the imported tenant", f.options.Replaced(after))
	}
}

// withUserOf returns f with the user and the administrator of other facts.
func withUserOf(other, f sandbox.Facts) sandbox.Facts {
	f.User, f.Password = other.User, other.Password
	f.Admin, f.AdminPassword = other.Admin, other.AdminPassword
	return f
}

// withSecretsOf returns f with the client secrets of other facts.
func withSecretsOf(other, f sandbox.Facts) sandbox.Facts {
	f.WebSecret, f.MidTierSecret, f.AttributesSecret = other.WebSecret, other.MidTierSecret, other.AttributesSecret
	return f
}
