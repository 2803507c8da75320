package graphadmin

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// appBody is the body of a request that creates or changes an application. Nil members stay
// as they are; the members of complex properties, too.
type appBody struct {
	DisplayName    *string       `json:"displayName"`
	Notes          *string       `json:"notes"`
	Tags           []string      `json:"tags"`
	SignInAudience *string       `json:"signInAudience"`
	IdentifierURIs []string      `json:"identifierUris"`
	Fallback       *bool         `json:"isFallbackPublicClient"`
	API            *apiBody      `json:"api"`
	PublicClient   *redirectBody `json:"publicClient"`
	SPA            *redirectBody `json:"spa"`
	Web            *webBody      `json:"web"`
	OptionalClaims *claimsBody   `json:"optionalClaims"`
	Required       []struct {
		API         string                 `json:"resourceAppId"`
		Permissions []directory.Permission `json:"resourceAccess"`
	} `json:"requiredResourceAccess"`
	Keys []keyBody `json:"keyCredentials"`
	// These must be empty: the tenant does not implement them, or Graph has methods for them.
	Passwords   []json.RawMessage `json:"passwordCredentials"`
	AppRoles    []json.RawMessage `json:"appRoles"`
	Description *string           `json:"description"`
}

type apiBody struct {
	Version       *int              `json:"requestedAccessTokenVersion"`
	Scopes        []scopeBody       `json:"oauth2PermissionScopes"`
	Known         []string          `json:"knownClientApplications"`
	PreAuthorized []json.RawMessage `json:"preAuthorizedApplications"`
	AcceptMapped  *bool             `json:"acceptMappedClaims"`
}

type scopeBody struct {
	ID               string `json:"id"`
	Value            string `json:"value"`
	Type             string `json:"type"`
	Enabled          *bool  `json:"isEnabled"`
	AdminName        string `json:"adminConsentDisplayName"`
	AdminDescription string `json:"adminConsentDescription"`
	UserName         string `json:"userConsentDisplayName"`
	UserDescription  string `json:"userConsentDescription"`
}

type redirectBody struct {
	URIs []string `json:"redirectUris"`
}

type webBody struct {
	redirectBody
	LogoutURL *string `json:"logoutUrl"`
	HomePage  *string `json:"homePageUrl"`
	Implicit  struct {
		IDToken     bool `json:"enableIdTokenIssuance"`
		AccessToken bool `json:"enableAccessTokenIssuance"`
	} `json:"implicitGrantSettings"`
}

type claimsBody struct {
	AccessToken []claimBody `json:"accessToken"`
	IDToken     []claimBody `json:"idToken"`
}

type claimBody struct {
	Name string `json:"name"`
}

// appChange is a change to an application that was read from a request.
type appChange struct {
	body appBody
	sent map[string]bool // names of the properties in the request
	now  time.Time
}

func appProperties() []string {
	return []string{
		"displayName", "notes", "tags", "signInAudience", "identifierUris", "isFallbackPublicClient", "api",
		"publicClient", "spa", "web", "optionalClaims", "requiredResourceAccess", "keyCredentials",
		"passwordCredentials", "appRoles", "description",
	}
}

func parseApp(raw []byte, now time.Time) (appChange, *odata.Error) {
	c := appChange{sent: map[string]bool{}, now: now}
	names, e := read(raw, &c.body, appProperties()...)
	for _, name := range names {
		c.sent[name] = true
	}
	if e != nil {
		return c, e
	}
	return c, c.body.check()
}

// check returns an error for values that no application can have.
func (b appBody) check() *odata.Error {
	const maxName, maxNotes, maxTag = 256, 1024, 256
	switch {
	case b.DisplayName != nil && (*b.DisplayName == "" || len(*b.DisplayName) > maxName):
		return invalidValue("displayName")
	case b.Notes != nil && len(*b.Notes) > maxNotes:
		return invalidValue("notes")
	case b.SignInAudience != nil && *b.SignInAudience != singleTenant:
		return invalidValue("signInAudience").Because("apps of an external tenant have the audience %s", singleTenant)
	case slices.ContainsFunc(b.Tags, func(t string) bool { return t == "" || len(t) > maxTag }):
		return invalidValue("tags")
	case len(b.Passwords) > 0:
		return odata.Rejected("Adding passwordCredentials is not supported. Use the addPassword method.").
			Because("client secrets are added with addPassword")
	case len(b.AppRoles) > 0:
		return unimplemented("appRoles")
	case b.API != nil && len(b.API.PreAuthorized) > 0:
		return unimplemented("api/preAuthorizedApplications")
	case b.Web != nil && (b.Web.Implicit.IDToken || b.Web.Implicit.AccessToken):
		return unimplemented("web/implicitGrantSettings")
	case b.API != nil && b.API.Version != nil && *b.API.Version != 1 && *b.API.Version != 2:
		return invalidValue("api/requestedAccessTokenVersion")
	}
	return b.checkAccess()
}

func (b appBody) checkAccess() *odata.Error {
	for _, r := range b.Required {
		if !sts.IsGUID(r.API) {
			return invalidValue("requiredResourceAccess")
		}
		for _, p := range r.Permissions {
			if !sts.IsGUID(p.ID) || p.Type != "Scope" && p.Type != "Role" {
				return invalidValue("requiredResourceAccess")
			}
		}
	}
	return nil
}

func invalidValue(property string) *odata.Error {
	return odata.Rejected("Invalid value specified for property '"+property+"' of resource 'Application'.").
		About("InvalidValue", property)
}

// unimplemented returns the error for a property that Graph has and the tenant lacks.
func unimplemented(property string) *odata.Error {
	return odata.Rejected("The property '"+property+"' is not supported.").
		Because("the tenant does not implement the property %s", property)
}

// apply changes an app. It is called with a copy of the state, which is dropped after an
// error.
func (c appChange) apply(d *directory.State, app *directory.App) *odata.Error {
	b := c.body
	set(&app.Name, b.DisplayName)
	if c.sent["notes"] {
		app.Notes = deref(b.Notes)
	}
	if c.sent["tags"] {
		app.Tags = b.Tags
	}
	if c.sent["isFallbackPublicClient"] {
		app.FallbackPublic = deref(b.Fallback)
	}
	if c.sent["requiredResourceAccess"] {
		app.Required = nil
		for _, r := range b.Required {
			app.Required = append(app.Required, directory.RequiredAccess{API: r.API, Permissions: r.Permissions})
		}
	}
	if c.sent["optionalClaims"] {
		app.OptionalClaims, app.IDTokenClaims = b.OptionalClaims.names()
	}
	for _, change := range []func(*directory.State, *directory.App) *odata.Error{
		c.applyURIs, c.applyRedirects, c.applyAPI, c.applyKeys,
	} {
		if e := change(d, app); e != nil {
			return e
		}
	}
	return nil
}

func set[T any](target *T, value *T) {
	if value != nil {
		*target = *value
	}
}

func deref[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

func (b *claimsBody) names() (access, id []string) {
	if b == nil {
		return nil, nil
	}
	for _, c := range b.AccessToken {
		access = append(access, c.Name)
	}
	for _, c := range b.IDToken {
		id = append(id, c.Name)
	}
	return access, id
}

// applyURIs sets the App ID URIs. They must be unique, and contain the app ID, the tenant, or
// one of its domains (learn.microsoft.com, "Restrictions on identifier URIs of Microsoft
// Entra applications").
func (c appChange) applyURIs(d *directory.State, app *directory.App) *odata.Error {
	if !c.sent["identifierUris"] {
		return nil
	}
	for i, uri := range c.body.IdentifierURIs {
		other, taken := d.AppByURI(uri)
		switch {
		case slices.Contains(c.body.IdentifierURIs[:i], uri):
			return odata.Rejected("Request contains a property with duplicate values.").
				About("DuplicateValue", "identifierUris")
		case taken && other.ID != app.ID:
			return odata.Rejected("Another object with the same value for property identifierUris already exists.").
				About("ObjectConflict", "identifierUris")
		case !allowedURI(d, app, uri):
			return odata.Rejected("Values of identifierUris property must use a verified domain of the organization "+
				"or its subdomain: '"+odata.Clean(uri)+"'").About("HostNameNotOnVerifiedDomain", "identifierUris")
		}
	}
	app.IdentifierURIs = c.body.IdentifierURIs
	return nil
}

func allowedURI(d *directory.State, app *directory.App, uri string) bool {
	scheme, rest, ok := strings.Cut(uri, "://")
	const maxURI = 255
	if !ok || rest == "" || len(uri) > maxURI || strings.ContainsAny(uri, " #?*'\"<>") || strings.HasSuffix(uri, "/") {
		return false
	}
	host, _, _ := strings.Cut(rest, "/")
	switch scheme {
	case "api":
		return strings.EqualFold(host, app.ID) || strings.EqualFold(host, d.TenantID) && rest != host ||
			ofDomain(host, d.Domain())
	case "https":
		return ofDomain(host, d.Domain())
	}
	return false
}

func ofDomain(host, domain string) bool {
	return strings.EqualFold(host, domain) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(domain))
}

// applyRedirects sets the redirect URIs of the platforms.
func (c appChange) applyRedirects(_ *directory.State, app *directory.App) *odata.Error {
	b := c.body
	if b.Web != nil && b.Web.LogoutURL != nil {
		app.LogoutURL = *b.Web.LogoutURL
	}
	for _, platform := range []struct {
		name   string
		uris   []string
		target *[]string
		native bool
	}{
		{"web", b.Web.uris(), &app.RedirectURIs, false},
		{"spa", b.SPA.uris(), &app.SPARedirectURIs, false},
		{"publicClient", b.PublicClient.uris(), &app.PublicRedirectURIs, true},
	} {
		if platform.uris == nil {
			continue
		}
		for i, uri := range platform.uris {
			if err := sts.CheckRedirectURI(uri, platform.native); err != nil {
				return invalidValue(platform.name+"/redirectUris").Because("the redirect URI %q %v", uri, err)
			}
			if slices.Contains(platform.uris[:i], uri) {
				return odata.Rejected("Request contains a property with duplicate values.").
					About("DuplicateValue", platform.name+"/redirectUris")
			}
		}
		*platform.target = platform.uris
	}
	const maxRedirectURIs = 100
	if len(app.AllRedirectURIs())+len(app.SPARedirectURIs) > maxRedirectURIs {
		return odata.Rejected("The size of the object has exceeded its limit. Please reduce the number of values and " +
			"retry your request.")
	}
	return nil
}

func (b *redirectBody) uris() []string {
	if b == nil {
		return nil
	}
	return b.URIs
}

func (b *webBody) uris() []string {
	if b == nil {
		return nil
	}
	return b.URIs
}
