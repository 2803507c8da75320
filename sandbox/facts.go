package sandbox

import (
	"slices"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Facts holds the ids and addresses with which a client of the tenant is
// configured, and the credentials of the seeded user and apps.
type Facts = control.Facts

// Facts returns how to reach the tenant and sign in to it. Only Import changes them.
func (t *Tenant) Facts() Facts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.facts
}

// origins are the addresses of the tenant's services.
type origins struct{ api, pages, graph string }

// origins returns the configured addresses, or those of the real service if none
// are configured.
func (c Config) origins(tenantID string) origins {
	if c.APIAddress != "" {
		return origins{api: c.APIAddress, pages: c.PagesAddress, graph: c.APIAddress}
	}
	host := "https://" + tenantID + ".ciamlogin.com"
	return origins{api: host, pages: host, graph: "https://graph.microsoft.com"}
}

// newFacts returns the facts of a tenant. They name the seeded user and apps, or, in
// a tenant that was imported, the first of their kind. Later ones are appended, and
// those that the facts name are not removed.
func newFacts(d *directory.State, o origins, password string) Facts {
	first := func(matches func(directory.App) bool) (app directory.App) {
		if i := slices.IndexFunc(d.Apps, matches); i >= 0 {
			app = d.Apps[i]
		}
		return app
	}
	public := first(func(a directory.App) bool { return a.Public })
	web := first(func(a directory.App) bool { return !a.Public && len(a.Scopes) == 0 })
	midTier := first(func(a directory.App) bool { return a.ID == d.MidTier })
	user := seedUser
	if _, ok := d.UserByEmail(user); !ok && len(d.Users) > 0 {
		user = d.Users[0].Email
	}
	return Facts{
		TenantID:      d.TenantID,
		Subdomain:     d.Subdomain,
		Authority:     o.api + "/" + d.TenantID,
		Graph:         o.graph,
		Pages:         o.pages,
		Mailbox:       o.pages + "/mailbox?key=" + d.MailKey,
		ClientID:      public.ID,
		WebClientID:   web.ID,
		WebSecret:     web.Secret,
		MidTierID:     midTier.ID,
		MidTierSecret: midTier.Secret,
		EditScope:     midTier.AppIDURI + "/" + editScope,
		PolicyID:      seededPolicy(d).ID,
		User:          user,
		Password:      password,
	}
}
