package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Facts holds the ids and addresses with which a client of the tenant is
// configured, and the credentials of the seeded user and apps.
type Facts = control.Facts

// Facts returns how to reach the tenant and sign in to it. Import changes them, and so do
// new client secrets and changes of the seeded user's address and password.
func (t *Tenant) Facts() (facts Facts) {
	t.directory.View(func(d *directory.State) { facts = t.factsIn(d) })
	return facts
}

// factsIn returns the facts, with the client secrets that the apps have in d.
func (t *Tenant) factsIn(d *directory.State) Facts {
	t.mu.Lock()
	facts := t.facts
	t.mu.Unlock()
	secret := func(id string) string {
		app, ok := d.AppByID(id)
		if !ok {
			return ""
		}
		return app.Secret()
	}
	facts.WebSecret = secret(facts.WebClientID)
	facts.MidTierSecret = secret(facts.MidTierID)
	facts.AttributesSecret = secret(facts.AttributesID)
	return facts
}

// SavedPassword returns the password of the seeded user, or of the administrator of an empty
// tenant, in a form for RestorePassword. It is empty if the tenant does not know it.
func (t *Tenant) SavedPassword() string {
	facts := t.Facts()
	password := cmp.Or(facts.Password, facts.AdminPassword)
	if password == "" {
		return ""
	}
	return password + "\n" + t.passwordID(seededAccount(facts))
}

// RestorePassword makes Facts return a password from SavedPassword: a tenant that its store
// holds knows only a hash. It reports whether the user still has this password.
func (t *Tenant) RestorePassword(saved string) bool {
	email := seededAccount(t.Facts())
	password, id, _ := strings.Cut(saved, "\n")
	if id == "" || id != t.passwordID(email) {
		return false
	}
	t.rememberPassword(email, password)
	return true
}

// passwordID identifies the current password of a user. It is a digest of its slow hash, for
// whose check a start would have to wait.
func (t *Tenant) passwordID(email string) (id string) {
	t.directory.View(func(d *directory.State) {
		if user, ok := d.UserByEmail(email); ok {
			digest := sha256.Sum256([]byte(user.Password))
			id = hex.EncodeToString(digest[:])
		}
	})
	return id
}

// seededAccount returns the address of the account that came with the tenant: the seeded user,
// or the administrator of an empty tenant.
func seededAccount(f Facts) string { return cmp.Or(f.User, f.Admin) }

// withPassword returns facts with the password of the seeded account.
func withPassword(f Facts, password string) Facts {
	if f.User != "" {
		f.Password = password
	} else {
		f.AdminPassword = password
	}
	return f
}

// rememberPassword keeps the password of the seeded account for Facts.
func (t *Tenant) rememberPassword(email, password string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if strings.EqualFold(email, seededAccount(t.facts)) {
		t.facts = withPassword(t.facts, password)
	}
}

// renameUser keeps the new address of the seeded user or of the administrator for Facts.
func (t *Tenant) renameUser(from, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, email := range []*string{&t.facts.User, &t.facts.Admin} {
		if strings.EqualFold(from, *email) {
			*email = to
		}
	}
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

// newFacts returns the facts of a tenant without its secrets. They name the seeded user and
// apps, or, in a tenant that was imported, the first of their kind. Later ones are appended,
// and those that the facts name are not removed.
func newFacts(d *directory.State, o origins) Facts {
	first := func(matches func(directory.App) bool) (app directory.App) {
		if i := slices.IndexFunc(d.Apps, matches); i >= 0 {
			app = d.Apps[i]
		}
		return app
	}
	facts := Facts{
		TenantID:  d.TenantID,
		Subdomain: d.Subdomain,
		Authority: o.api + "/" + d.TenantID,
		Graph:     o.graph,
		Pages:     o.pages,
		Mailbox:   o.pages + "/mailbox?key=" + d.MailKey,
	}
	for _, u := range slices.Backward(d.Users) {
		if u.Work {
			facts.Admin = u.Email
		}
	}
	if d.MidTier == "" { // an empty tenant, whatever was registered since
		return facts
	}
	midTier := first(func(a directory.App) bool { return a.ID == d.MidTier })
	facts.ClientID = first(func(a directory.App) bool { return a.Public() }).ID
	facts.WebClientID = first(func(a directory.App) bool { return !a.Public() && len(a.Scopes) == 0 }).ID
	facts.MidTierID = midTier.ID
	if midTier.AppIDURI() != "" {
		facts.EditScope = midTier.AppIDURI() + "/" + editScope
	}
	facts.PolicyID = seededPolicy(d).ID
	facts.AttributesID = attributesApp(d).ID
	facts.User = seedUser
	if _, ok := d.UserByEmail(seedUser); !ok {
		facts.User = firstCustomer(d)
	}
	return facts
}

// firstCustomer returns the email address of the first account of a customer, or nothing.
func firstCustomer(d *directory.State) string {
	i := slices.IndexFunc(d.Users, func(u directory.User) bool { return !u.Work })
	if i < 0 {
		return ""
	}
	return d.Users[i].Email
}
