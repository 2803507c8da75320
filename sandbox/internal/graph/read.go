package graph

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// read handles GET /me.
func (g *Graph) read(w http.ResponseWriter, r *http.Request) {
	user, e := g.caller(r, "User.Read", "User.ReadWrite")
	if e != nil {
		g.writeError(w, r, e)
		return
	}
	names := defaultProperties()
	if selected := r.URL.Query().Get("$select"); selected != "" {
		names = strings.Split(selected, ",")
	}
	user.Profile = g.visibleProfile(r, user)
	var subdomain string
	g.Directory.View(func(d *directory.State) { subdomain = d.Subdomain })
	body := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity"}
	for _, name := range names {
		if !slices.Contains(defaultProperties(), name) && !slices.Contains(selectableProperties(), name) {
			g.writeError(w, r, badRequest(
				"Could not find a property named '"+clean(name)+"' on type 'microsoft.graph.user'."))
			return
		}
		body[name] = property(user, name, subdomain)
	}
	audit.From(r.Context()).Answered("returned the profile")
	g.write(w, r, http.StatusOK, body)
}

// defaultProperties returns the properties that GET returns without $select.
func defaultProperties() []string {
	return []string{
		"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
		"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
	}
}

// selectableProperties returns the properties that GET returns only with $select.
func selectableProperties() []string {
	return []string{
		"city", "country", "postalCode", "state", "streetAddress", "identities", "createdDateTime",
		"accountEnabled", "userType",
	}
}

// visibleProfile returns the user's profile as reads show it: the old one until
// the read lag after a change is over.
func (g *Graph) visibleProfile(r *http.Request, user directory.User) map[string]*string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, lagging := g.stale[user.ID]; lagging && g.Now().Before(old.until) {
		audit.From(r.Context()).Answered("returned the profile from before the last change: the read lag is %s",
			g.ReadLag)
		return old.profile
	}
	return user.Profile
}

// property returns the value of one property. The mail of a customer is null;
// identities holds the email address for signing in.
func property(u directory.User, name, subdomain string) any {
	domain := subdomain + ".onmicrosoft.com"
	upn := u.ID + "@" + domain
	switch name {
	case "id":
		return u.ID
	case "userPrincipalName":
		return upn
	case "businessPhones":
		return []string{}
	case "createdDateTime":
		return u.Created.UTC().Format(time.RFC3339)
	case "accountEnabled":
		return true
	case "userType":
		return "Member"
	case "identities":
		return []map[string]string{
			{"signInType": "emailAddress", "issuer": domain, "issuerAssignedId": u.Email},
			{"signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": upn},
		}
	}
	return u.Profile[name]
}
