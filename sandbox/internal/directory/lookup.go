package directory

import (
	"slices"
	"strings"
	"time"
)

// UserByEmail returns the account with an email address, ignoring case and
// surrounding space.
func (s *State) UserByEmail(email string) (*User, bool) {
	email = strings.TrimSpace(email)
	i := slices.IndexFunc(s.Users, func(u User) bool { return strings.EqualFold(u.Email, email) })
	if i < 0 {
		return nil, false
	}
	return &s.Users[i], true
}

// UserByID returns the account with an object id.
func (s *State) UserByID(id string) (*User, bool) {
	i := slices.IndexFunc(s.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return nil, false
	}
	return &s.Users[i], true
}

// PrincipalName returns the userPrincipalName of the account with an object id. In external
// tenants, that of a customer is derived from the object id, and not from the email address.
func (s *State) PrincipalName(id string) string {
	if u, ok := s.UserByID(id); ok && u.Work {
		return u.Email
	}
	return id + "@" + s.Domain()
}

// Domain returns the initial domain of the tenant.
func (s *State) Domain() string { return s.Subdomain + ".onmicrosoft.com" }

// AppByID returns the app registration with a client id, ignoring case.
func (s *State) AppByID(id string) (*App, bool) {
	return s.findApp(func(a *App) bool { return strings.EqualFold(a.ID, id) })
}

// AppByObjectID returns the app registration with an object id, ignoring case.
func (s *State) AppByObjectID(id string) (*App, bool) {
	return s.findApp(func(a *App) bool { return strings.EqualFold(a.ObjectID, id) })
}

// AppByURI returns the API with an App ID URI, or the app with a client id.
func (s *State) AppByURI(uri string) (*App, bool) {
	return s.findApp(func(a *App) bool {
		return uri != "" && slices.Contains(a.IdentifierURIs, uri) || strings.EqualFold(a.ID, uri)
	})
}

func (s *State) findApp(matches func(*App) bool) (*App, bool) {
	for i := range s.Apps {
		if matches(&s.Apps[i]) {
			return &s.Apps[i], true
		}
	}
	return nil, false
}

// Principals returns the apps that have a service principal: Microsoft's, and then those
// of the tenant. Changes to the service principals are changes to the state.
func (s *State) Principals() []App {
	all := s.FirstParty()
	for _, a := range s.Apps {
		if a.Principal != nil {
			all = append(all, a)
		}
	}
	return all
}

// Client returns the app with a client id that can have a service principal in the
// tenant: one of the tenant, or one of Microsoft.
func (s *State) Client(id string) (App, bool) {
	if a, ok := s.AppByID(id); ok {
		return *a, true
	}
	for _, a := range s.FirstParty() {
		if strings.EqualFold(a.ID, id) {
			return a, true
		}
	}
	return App{}, false
}

// PolicyByID returns the policy with an id, ignoring case.
func (s *State) PolicyByID(id string) (*Policy, bool) {
	i := slices.IndexFunc(s.Policies, func(p Policy) bool { return strings.EqualFold(p.ID, id) })
	if i < 0 {
		return nil, false
	}
	return &s.Policies[i], true
}

// PoliciesFor returns the policies that are on and that concern a user's tokens for an API.
func (s *State) PoliciesFor(api, userID string) (all []Policy) {
	for _, p := range s.Policies {
		if p.AppliesTo(userID) && p.Guards(api) {
			all = append(all, p)
		}
	}
	return all
}

// PolicyForContext returns the first policy that is on and that concerns a user who needs
// an authentication context.
func (s *State) PolicyForContext(context, userID string) (*Policy, bool) {
	i := slices.IndexFunc(s.Policies, func(p Policy) bool {
		return p.AppliesTo(userID) && containsFold(p.Contexts, context)
	})
	if i < 0 {
		return nil, false
	}
	return &s.Policies[i], true
}

// Revoked reports whether a sign-in with a password at a time has ended. A changed password
// does not end it for confidential clients (learn.microsoft.com, "Refresh tokens in the
// Microsoft identity platform", "Token revocation").
func (u *User) Revoked(signedIn time.Time, confidential bool) bool {
	return signedIn.Before(u.NotBefore) || !confidential && signedIn.Before(u.PasswordChanged)
}

// AddConsent grants an app a scope of an API: to one user, or to all if the id is empty. It
// does nothing if the app has no service principal.
func (s *State) AddConsent(appID, api, userID, scope string) {
	client, ok := s.Client(appID)
	if !ok || client.Principal == nil {
		return
	}
	p := client.Principal
	for i := range p.Consents {
		if c := &p.Consents[i]; strings.EqualFold(c.API, api) && c.User == userID {
			if !containsFold(c.Scopes, scope) {
				c.Scopes = append(c.Scopes, scope)
			}
			return
		}
	}
	p.Consents = append(p.Consents, Consent{ID: NewConsentID(), API: api, User: userID, Scopes: []string{scope}})
}
