package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// App represents an app registration, and the service principal that makes the app
// usable in the tenant (learn.microsoft.com, "Application and service principal objects
// in Microsoft Entra ID").
type App struct {
	ID       string    `json:"id"` // client id
	ObjectID string    `json:"objectId"`
	Name     string    `json:"name"`
	Notes    string    `json:"notes,omitempty"`
	Tags     []string  `json:"tags,omitempty"`
	Created  time.Time `json:"created,omitzero"`
	// RedirectURIs are those of the platform "web".
	RedirectURIs []string `json:"redirectUris,omitempty"`
	// PublicRedirectURIs are those of the platform "mobile and desktop applications".
	PublicRedirectURIs []string `json:"publicRedirectUris,omitempty"`
	// SPARedirectURIs are the redirect URIs of the platform "single-page
	// application". A code sent there is redeemed by a script in the browser: without
	// a credential, but with PKCE and an Origin header.
	SPARedirectURIs []string `json:"spaRedirectUris,omitempty"`
	// FallbackPublic treats the app as a public client if a request does not show the
	// platform, as that of a device (isFallbackPublicClient).
	FallbackPublic bool `json:"fallbackPublic,omitempty"`
	// LogoutURL is called when a user of the app signs out (front-channel sign-out).
	LogoutURL      string   `json:"logoutUrl,omitempty"`
	Secrets        []Secret `json:"secrets,omitempty"`
	IdentifierURIs []string `json:"identifierUris,omitempty"` // App ID URIs
	Scopes         []Scope  `json:"scopes,omitempty"`         // scopes that the API exposes
	// TokenVersion is the version of the access tokens for this API
	// (requestedAccessTokenVersion in the app's manifest). Only 2 results in v2.0
	// tokens; an API that does not set it gets v1.0 tokens.
	TokenVersion int               `json:"tokenVersion,omitempty"`
	Required     []RequiredAccess  `json:"requiredAccess,omitempty"`
	Certificates []Certificate     `json:"certificates,omitempty"`
	Workloads    []Workload        `json:"workloads,omitempty"`
	Principal    *ServicePrincipal `json:"servicePrincipal,omitempty"` // nil if the app has none
	// OptionalClaims are claims that access tokens for this API carry in addition
	// to the usual ones.
	OptionalClaims []string `json:"optionalClaims,omitempty"`
	// IDTokenClaims are the optional claims of ID tokens for this client.
	IDTokenClaims []string `json:"idTokenClaims,omitempty"`
}

// Secret represents a client secret.
type Secret struct {
	ID    string    `json:"id"`
	Name  string    `json:"name,omitempty"`
	Value string    `json:"value"` // in plain text: it is valid only here
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"` // zero if the secret does not expire
}

// Scope represents a delegated permission that an API exposes.
type Scope struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	// Admin is whether only administrators can consent to the scope.
	Admin                   bool   `json:"admin,omitempty"`
	Disabled                bool   `json:"disabled,omitempty"`
	AdminConsentName        string `json:"adminConsentDisplayName,omitempty"`
	AdminConsentDescription string `json:"adminConsentDescription,omitempty"`
	UserConsentName         string `json:"userConsentDisplayName,omitempty"`
	UserConsentDescription  string `json:"userConsentDescription,omitempty"`
}

// RequiredAccess lists the permissions of one API that an app declares to need. They
// have no effect without consent.
type RequiredAccess struct {
	API         string       `json:"api"` // client id
	Permissions []Permission `json:"permissions"`
}

// Permission names a permission of an API.
type Permission struct {
	ID   string `json:"id"`
	Type string `json:"type"` // Scope or Role
}

// Certificate represents a certificate for client assertions.
type Certificate struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	PEM  string `json:"pem"`
}

// Workload represents a federated credential: tokens of the issuer for the
// subject authenticate the app.
type Workload struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Issuer      string   `json:"issuer"`
	Subject     string   `json:"subject"`
	Audiences   []string `json:"audiences,omitempty"`
	Key         string   `json:"key,omitempty"` // the issuer's public key: PKIX, PEM
}

// ServicePrincipal represents an app in the tenant: what it was granted there.
type ServicePrincipal struct {
	ID       string    `json:"id"`
	Tags     []string  `json:"tags,omitempty"`
	Created  time.Time `json:"created,omitzero"`
	Disabled bool      `json:"disabled,omitempty"`
	Consents []Consent `json:"consents,omitempty"`
	Roles    []Role    `json:"roles,omitempty"`
}

// Consent represents delegated permissions that an app was granted (an
// oauth2PermissionGrant).
type Consent struct {
	ID     string   `json:"id"`
	API    string   `json:"api"`            // client id of the resource
	User   string   `json:"user,omitempty"` // object id; empty if an administrator consented for all users
	Scopes []string `json:"scopes"`
}

// Role represents an application permission that an app was granted (an
// appRoleAssignment).
type Role struct {
	ID      string    `json:"id"`
	API     string    `json:"api"` // client id of the resource
	RoleID  string    `json:"roleId"`
	Created time.Time `json:"created,omitzero"`
}

// Public reports whether the app is a public client: by its manifest, or because it has
// redirect URIs for mobile and desktop applications only. Entra decides for each
// request; that apps with several platforms are public here if isFallbackPublicClient
// says so is inferred.
func (a *App) Public() bool {
	return a.FallbackPublic || len(a.PublicRedirectURIs) > 0 && len(a.RedirectURIs)+len(a.SPARedirectURIs) == 0
}

// AllRedirectURIs returns the redirect URIs of the platforms web and mobile and desktop
// applications.
func (a *App) AllRedirectURIs() []string { return slices.Concat(a.RedirectURIs, a.PublicRedirectURIs) }

// AppIDURI returns the first App ID URI, or nothing.
func (a *App) AppIDURI() string {
	if len(a.IdentifierURIs) == 0 {
		return ""
	}
	return a.IdentifierURIs[0]
}

// Secret returns the value of the first client secret, or nothing.
func (a *App) Secret() string {
	if len(a.Secrets) == 0 {
		return ""
	}
	return a.Secrets[0].Value
}

// ScopeNames returns the names of the scopes that the API exposes and that are enabled.
func (a *App) ScopeNames() []string {
	var names []string
	for _, s := range a.Scopes {
		if !s.Disabled {
			names = append(names, s.Value)
		}
	}
	return names
}

// FindScope returns the enabled scope with a name, ignoring case.
func (a *App) FindScope(name string) (Scope, bool) {
	i := slices.IndexFunc(a.Scopes, func(s Scope) bool { return !s.Disabled && strings.EqualFold(s.Value, name) })
	if i < 0 {
		return Scope{}, false
	}
	return a.Scopes[i], true
}

// SetScopes makes the names those of the scopes. Scopes that the API already has keep
// their ids and their properties.
func (a *App) SetScopes(names []string) {
	if slices.Equal(names, a.ScopeNames()) {
		return
	}
	next := slices.DeleteFunc(slices.Clone(a.Scopes), func(s Scope) bool { return !s.Disabled })
	for _, name := range names {
		s, ok := a.FindScope(name)
		if !ok {
			s = Scope{ID: NewID(), Value: name, Admin: true}
		}
		next = append(next, s)
	}
	a.Scopes = next
}

// For returns the app as it is for one user, whose consents count in addition to those
// for all users. The id is empty before the user is known.
func (a App) For(userID string) App {
	if a.Principal == nil {
		return a
	}
	p := *a.Principal
	p.Consents = slices.DeleteFunc(slices.Clone(p.Consents), func(c Consent) bool {
		return c.User != "" && c.User != userID
	})
	a.Principal = &p
	return a
}

// Consented returns the scopes of the API with the client id resource that the app was
// granted.
func (a *App) Consented(resource string) (scopes []string) {
	if a.Principal == nil {
		return nil
	}
	for _, c := range a.Principal.Consents {
		if strings.EqualFold(c.API, resource) {
			scopes = append(scopes, c.Scopes...)
		}
	}
	return scopes
}

// HasConsent reports whether the app was granted a scope of the API whose client id is
// resource.
func (a *App) HasConsent(resource, scope string) bool {
	return slices.ContainsFunc(a.Consented(resource), func(s string) bool { return strings.EqualFold(s, scope) })
}

// RoleNames returns the names of the application permissions of the API with the client id
// resource that the app was granted.
func (a *App) RoleNames(resource string) (names []string) {
	if a.Principal == nil {
		return nil
	}
	for _, granted := range a.Principal.Roles {
		for _, role := range AppRoles(resource) {
			if strings.EqualFold(granted.API, resource) && strings.EqualFold(granted.RoleID, role.ID) {
				names = append(names, role.Value)
			}
		}
	}
	return names
}

// SetConsents replaces what an administrator granted the app for all users: scopes by
// the client id of their API. It gives the app a service principal if it has none. Consents
// that stay keep their ids and their places.
func (a *App) SetConsents(scopes map[string][]string) {
	if a.Principal == nil && len(scopes) == 0 {
		return
	}
	p := a.ensurePrincipal()
	var next []Consent
	kept := map[string]bool{}
	for _, c := range p.Consents {
		if c.User == "" {
			c.Scopes = scopes[c.API]
			kept[c.API] = true
		}
		if len(c.Scopes) > 0 {
			next = append(next, c)
		}
	}
	for _, api := range sortedKeys(scopes) {
		if !kept[api] && len(scopes[api]) > 0 {
			next = append(next, Consent{ID: NewConsentID(), API: api, Scopes: scopes[api]})
		}
	}
	p.Consents = next
}

// ensurePrincipal returns the service principal of the app, which it creates if there is
// none.
func (a *App) ensurePrincipal() *ServicePrincipal {
	if a.Principal == nil {
		a.Principal = &ServicePrincipal{ID: NewID(), Created: a.Created}
	}
	return a.Principal
}

// Complete gives an app the ids that it lacks, and a service principal.
func (a *App) Complete() {
	a.ObjectID = cmp.Or(a.ObjectID, NewID())
	a.ensurePrincipal()
}

// SetRedirectURIs makes the redirect URIs those of a public or of a confidential client.
func (a *App) SetRedirectURIs(public bool, uris []string) {
	a.FallbackPublic, a.RedirectURIs, a.PublicRedirectURIs = public, uris, nil
	if public {
		a.RedirectURIs, a.PublicRedirectURIs = nil, uris
	}
}

// Complete gives a federated credential what Graph requires of it and the file of a
// tenant does not have.
func (w *Workload) Complete() {
	w.ID = cmp.Or(w.ID, NewID())
	w.Name = cmp.Or(w.Name, w.ID)
	if len(w.Audiences) == 0 {
		w.Audiences = []string{WorkloadAudience}
	}
}

// WorkloadAudience is the recommended audience of a platform's token
// (learn.microsoft.com, "Workload identity federation").
const WorkloadAudience = "api://AzureADTokenExchange"
