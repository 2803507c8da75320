package sts

import (
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// tenant holds the parts of the directory from which tokens are made.
type tenant struct {
	id      string
	keys    []directory.Key
	sealKey []byte
}

func (s *STS) tenant() (t tenant) {
	s.Directory.View(func(d *directory.State) {
		t = tenant{id: d.TenantID, keys: d.Keys, sealKey: d.SealKey}
	})
	return t
}

// checkTenant returns an error unless the path of the request names this tenant.
func (s *STS) checkTenant(r *http.Request) *entraError {
	name := r.PathValue("tenant")
	ours := false
	s.Directory.View(func(d *directory.State) {
		ours = strings.EqualFold(name, d.TenantID) ||
			strings.EqualFold(name, d.Subdomain+".onmicrosoft.com")
	})
	switch {
	case isTenantAlias(name): // an app of an external tenant belongs to that tenant alone
		return newError(aadstsSingleTenant, r.URL.Query().Get("client_id"))
	case !ours:
		return newError(aadstsTenantNotFound, name)
	}
	return nil
}

// findUser returns a copy of a user account.
func (s *STS) findUser(id string) (user directory.User, ok bool) {
	s.Directory.View(func(d *directory.State) {
		var found *directory.User
		if found, ok = d.UserByID(id); ok {
			user = *found
		}
	})
	return user, ok
}

// findApp returns a copy of an app registration, or of an app of Microsoft.
func (s *STS) findApp(id string) (app directory.App, ok bool) {
	s.Directory.View(func(d *directory.State) { app, ok = d.Client(id) })
	return app, ok
}

// origins holds the addresses of the tenant under the host name that a request used: the
// local addresses, or a host name of the real service if that is mapped to the sandbox.
type origins struct{ api, pages, issuer, userinfo string }

func (s *STS) origins(r *http.Request) origins {
	id := s.tenant().id
	if strings.HasSuffix(r.Host, ".ciamlogin.com") {
		host := "https://" + r.Host
		return origins{
			api:      host,
			pages:    host,
			issuer:   "https://" + id + ".ciamlogin.com/" + id + "/v2.0",
			userinfo: graphURI + "/oidc/userinfo",
		}
	}
	return origins{
		api:      s.Config.API,
		pages:    s.Config.Pages,
		issuer:   s.Config.API + "/" + id + "/v2.0",
		userinfo: s.Config.API + "/oidc/userinfo",
	}
}
