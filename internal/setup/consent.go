package setup

import (
	"net/http"
	"slices"
	"strings"
)

// midTierPrincipal and clientPrincipal return the application and the service principal
// of one side.
func midTierPrincipal(t *Tenant) (*application, *servicePrincipal) { return &t.midTier, &t.midTierSP }
func clientPrincipal(t *Tenant) (*application, *servicePrincipal)  { return &t.client, &t.clientSP }

// replicating are the statuses of a request whose body names an object that is not
// replicated yet. Entra answers with 400 (NoBackingApplicationObject), 404 and, if two
// replicas disagree, 409; Terraform's azuread provider retries the same ones.
func replicating() []int {
	return []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict}
}

// principal returns the service principal of an application.
func (w Wanted) principal(
	id, name, app string,
	side func(*Tenant) (*application, *servicePrincipal),
) object {
	return object{
		id:    id,
		title: "service principal of " + name,
		needs: []string{app},
		lag:   replicating(),
		hand:  "Entra admin center > Enterprise applications > New application; choose " + name,
		next: func(t *Tenant) *write {
			app, found := side(t)
			if found.ID != "" {
				return enable(found)
			}
			wanted := servicePrincipal{AppID: app.AppID, Tags: []string{w.tag(), integrated}}
			shows := []Difference{{Property: "appId", To: orLater(app.AppID)}}
			return creates("/servicePrincipals", wanted, shows, func(t *Tenant, created servicePrincipal) {
				_, into := side(t)
				*into = created
			})
		},
	}
}

// enable returns the write that enables a service principal, or nil if it is enabled. If it
// is not, no one can sign in to the client, and the mid-tier gets no tokens.
func enable(found *servicePrincipal) *write {
	if found.Enabled == nil || *found.Enabled {
		return nil
	}
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   "/servicePrincipals/" + found.ID,
		body:   map[string]bool{"accountEnabled": true},
		shows:  []Difference{{Property: "accountEnabled", From: false, To: true}},
		done: func(*Tenant, []byte) error {
			found.Enabled = nil
			return nil
		},
	}
}

const (
	grantsPath    = "/oauth2PermissionGrants"
	allPrincipals = "AllPrincipals"
)

// consent describes a grant for all users.
type consent struct {
	id, title, client string
	needs             []string
	scopes            []string
	sides             func(t *Tenant) (client, resource string) // ids of the service principals
}

func (w Wanted) graphGrant() object {
	return w.grant(consent{
		id:     "grant.client-graph",
		client: w.ClientName,
		title:  "admin consent of " + w.ClientName + " for Microsoft Graph",
		needs:  []string{"client.principal"},
		scopes: values(clientScopes()),
		sides:  func(t *Tenant) (string, string) { return t.clientSP.ID, t.graph.ID },
	})
}

func (w Wanted) editGrant() object {
	return w.grant(consent{
		id:     "grant.client-midtier",
		client: w.ClientName,
		title:  "admin consent of " + w.ClientName + " for " + w.MidTierName,
		needs:  []string{"client.principal", "midtier.principal"},
		scopes: []string{w.ScopeName},
		sides:  func(t *Tenant) (string, string) { return t.clientSP.ID, t.midTierSP.ID },
	})
}

func (w Wanted) midTierGrant() object {
	return w.grant(consent{
		id:     "grant.midtier-graph",
		client: w.MidTierName,
		title:  "admin consent of " + w.MidTierName + " for Microsoft Graph",
		needs:  []string{"midtier.principal"},
		scopes: values(w.midTierScopes()),
		sides:  func(t *Tenant) (string, string) { return t.midTierSP.ID, t.graph.ID },
	})
}

// grant returns the consent of an administrator for all users, without which customers
// cannot sign in: they cannot consent (AADSTS65001).
func (w Wanted) grant(c consent) object {
	return object{
		id:    c.id,
		title: c.title,
		needs: c.needs,
		lag:   replicating(),
		hand: "Entra admin center > App registrations > " + c.client + " > API permissions > " +
			"Grant admin consent (" + strings.Join(c.scopes, ", ") + ")",
		next: func(t *Tenant) *write { return nextGrant(t, c) },
	}
}

func nextGrant(t *Tenant, c consent) *write {
	client, resource := c.sides(t)
	i := slices.IndexFunc(t.grants, func(g grant) bool {
		return g.ClientID == client && g.ResourceID == resource && g.ConsentType == allPrincipals
	})
	if i < 0 || client == "" || resource == "" {
		wanted := grant{
			ClientID:    client,
			ConsentType: allPrincipals,
			ResourceID:  resource,
			Scope:       strings.Join(c.scopes, " "),
		}
		shows := []Difference{{Property: "scope", To: wanted.Scope}, {Property: "consentType", To: allPrincipals}}
		return creates(grantsPath, wanted, shows, func(t *Tenant, created grant) {
			t.grants = append(t.grants, created)
		})
	}
	found := strings.Fields(t.grants[i].Scope)
	if contains(found, c.scopes) {
		return nil
	}
	scope := strings.Join(union(found, c.scopes), " ")
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   grantsPath + "/" + t.grants[i].ID,
		body:   map[string]string{"scope": scope},
		shows:  added("scope", found, c.scopes),
		done: func(t *Tenant, _ []byte) error {
			t.grants[i].Scope = scope
			return nil
		},
	}
}
