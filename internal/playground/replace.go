package playground

import (
	"context"
	"log/slog"
	"net"
	"net/http"
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

// followChanges returns the control API. When a request replaces the tenant, or the
// seeded user's address or password, it also replaces what depends on them, before the
// client gets the response.
func (p *Playground) followChanges(control http.Handler, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before := p.Tenant.Facts()
		control.ServeHTTP(w, r)
		if after := p.Tenant.Facts(); r.Method != http.MethodGet && after != before {
			p.follow(before, after, o)
		}
	})
}

// follow stores the password of the seeded user, and starts the mid-tier of another
// tenant.
func (p *Playground) follow(before, after sandbox.Facts, o Options) {
	log := func(what string, err error) {
		if err != nil {
			o.Log.Error(what, slog.Any("error", err))
		}
	}
	if o.Dir != "" {
		log("store the password of the user", p.storePassword())
	}
	if before.User, before.Password = after.User, after.Password; before == after {
		return
	}
	log("start the mid-tier of the imported tenant", p.midTier.start(after))
	if o.Replaced != nil {
		log("register the imported tenant", o.Replaced(after))
	}
}
