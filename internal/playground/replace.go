package playground

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/profilectl/profilectl/sandbox"
)

// midTier serves the mid-tier of the current tenant. An import replaces both.
type midTier struct {
	handler atomic.Pointer[http.Handler]
	open    func(sandbox.Facts) (http.Handler, error)
}

// start serves the mid-tier of a tenant.
func (m *midTier) start(f sandbox.Facts) error {
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

// followImports returns the control API. When a request replaces the tenant, it
// also replaces what depends on the tenant, before the client gets the response.
func (p *Playground) followImports(control http.Handler, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before := p.Tenant.Facts()
		control.ServeHTTP(w, r)
		if r.Method == http.MethodPut && r.URL.Path == "/control/tenant" {
			p.follow(before, o)
		}
	})
}

// follow starts the mid-tier of the current tenant, unless it is the one before.
func (p *Playground) follow(before sandbox.Facts, o Options) {
	after := p.Tenant.Facts()
	if after == before {
		return
	}
	log := func(what string, err error) {
		if err != nil {
			o.Log.Error(what, slog.Any("error", err))
		}
	}
	if after.Password == "" && o.Dir != "" {
		log("remove the password of the previous tenant", forgetPassword(p.Dir))
	}
	log("start the mid-tier of the imported tenant", p.midTier.start(after))
	if o.Replaced != nil {
		log("register the imported tenant", o.Replaced(after))
	}
}
