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
// tenants, it is derived from the object id, and not from the email address.
func (s *State) PrincipalName(id string) string { return id + "@" + s.Subdomain + ".onmicrosoft.com" }

// AppByID returns the app registration with a client id, ignoring case.
func (s *State) AppByID(id string) (*App, bool) {
	i := slices.IndexFunc(s.Apps, func(a App) bool { return strings.EqualFold(a.ID, id) })
	if i < 0 {
		return nil, false
	}
	return &s.Apps[i], true
}

// AppByURI returns the API with an App ID URI, or the app with a client id.
func (s *State) AppByURI(uri string) (*App, bool) {
	i := slices.IndexFunc(s.Apps, func(a App) bool {
		return a.AppIDURI != "" && a.AppIDURI == uri || strings.EqualFold(a.ID, uri)
	})
	if i < 0 {
		return nil, false
	}
	return &s.Apps[i], true
}

// HasConsent reports whether an administrator granted the app a scope of the API
// whose client id is resource.
func (a *App) HasConsent(resource, scope string) bool {
	return slices.ContainsFunc(a.Consents[resource], func(s string) bool { return strings.EqualFold(s, scope) })
}

// PolicyByID returns the policy with an id, ignoring case.
func (s *State) PolicyByID(id string) (*Policy, bool) {
	i := slices.IndexFunc(s.Policies, func(p Policy) bool { return strings.EqualFold(p.ID, id) })
	if i < 0 {
		return nil, false
	}
	return &s.Policies[i], true
}

// PolicyForAPI returns the first policy that requires a second factor for an API
// and is on.
func (s *State) PolicyForAPI(clientID string) (*Policy, bool) {
	return s.guard(func(p Policy) []string { return p.APIs }, clientID)
}

// PolicyForContext returns the first policy that requires a second factor for an
// authentication context and is on.
func (s *State) PolicyForContext(context string) (*Policy, bool) {
	return s.guard(func(p Policy) []string { return p.Contexts }, context)
}

func (s *State) guard(targets func(Policy) []string, target string) (*Policy, bool) {
	i := slices.IndexFunc(s.Policies, func(p Policy) bool {
		return p.On && slices.ContainsFunc(targets(p), func(t string) bool { return strings.EqualFold(t, target) })
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
