package setup

import (
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/guid"
)

const (
	appsPath = "/applications"
	// singleTenant limits an application to the tenant.
	singleTenant = "AzureADMyOrg"
	// integrated is the tag by which the portal lists a service principal under
	// "Enterprise applications".
	integrated = "WindowsAzureActiveDirectoryIntegratedApp"
)

// graphScope is a delegated permission of Microsoft Graph with its ID in every tenant
// (learn.microsoft.com/graph/permissions-reference).
type graphScope struct{ value, id string }

// midTierScopes are the permissions of the mid-tier for Microsoft Graph, on behalf of its users.
func (w Wanted) midTierScopes() []graphScope {
	scopes := []graphScope{{"User.ReadWrite", "b4e74841-8e56-480b-be8b-910348b18b4c"}}
	if w.PasswordChange {
		scopes = append(scopes, graphScope{"Directory.AccessAsUser.All", "0e263e50-5827-48a4-b97c-d940288653c7"})
	}
	return scopes
}

// clientScopes are the permissions of the client for Microsoft Graph.
func clientScopes() []graphScope {
	return []graphScope{
		{"openid", "37f7f235-527c-4136-accd-4a02d197296e"},
		{"profile", "14dad69e-099b-42c9-810b-d002981feec1"},
		{"offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"},
		{"User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"},
	}
}

func values(scopes []graphScope) []string {
	var all []string
	for _, s := range scopes {
		all = append(all, s.value)
	}
	return all
}

// graphScopeIDs returns the IDs of permissions as the tenant has them.
func (t *Tenant) graphScopeIDs(scopes []graphScope) []string {
	var ids []string
	for _, s := range scopes {
		i := slices.IndexFunc(t.graph.Scopes, func(p permissionScope) bool { return p.Value == s.value })
		if i >= 0 {
			s.id = t.graph.Scopes[i].ID
		}
		ids = append(ids, s.id)
	}
	return ids
}

// editScope returns the scope of the mid-tier, or the zero value.
func (t *Tenant) editScope(w Wanted) permissionScope {
	if t.midTier.API == nil {
		return permissionScope{}
	}
	i := slices.IndexFunc(t.midTier.API.Scopes, func(s permissionScope) bool { return s.Value == w.ScopeName })
	if i < 0 {
		return permissionScope{}
	}
	return t.midTier.API.Scopes[i]
}

func (w Wanted) midTierApp() object {
	return object{
		id:    "midtier.app",
		title: "application " + w.MidTierName,
		lag:   []int{http.StatusNotFound},
		hand: "Entra admin center > App registrations > New registration; then Expose an API (" + w.ScopeName +
			", admins only), Manifest (requestedAccessTokenVersion 2, optional claims acrs and xms_cc, tags " +
			w.tag() + " and " + w.midTierTag() + "), API permissions (Microsoft Graph, delegated " +
			strings.Join(values(w.midTierScopes()), ", ") + ")",
		next: w.nextMidTierApp,
	}
}

// midTierTags returns the tags that the application must have. If the email method is
// off, the application records it before the method is changed, so that Destroy can
// restore it.
func (w Wanted) midTierTags(t *Tenant) []string {
	tags := []string{w.tag(), w.midTierTag()}
	if t.email.State == stateDisabled {
		tags = append(tags, w.emailWasOff())
	}
	return tags
}

func (w Wanted) nextMidTierApp(t *Tenant) *write {
	c := &comparison{found: t.midTier}
	c.tags(w.midTierTags(t))
	c.audience()
	c.tokenVersion()
	c.scope(w)
	c.uri()
	c.claims("acrs", "xms_cc")
	scopes := w.midTierScopes()
	c.access(GraphID, t.graphScopeIDs(scopes), "Microsoft Graph "+strings.Join(values(scopes), " "))
	return c.write(w.MidTierName, func(t *Tenant, app application) { t.midTier = app })
}

func (w Wanted) clientApp() object {
	return object{
		id:    "client.app",
		title: "application " + w.ClientName,
		needs: []string{"midtier.app"},
		lag:   []int{http.StatusNotFound},
		hand: "Entra admin center > App registrations > New registration; then Authentication (mobile and " +
			"desktop, " + w.RedirectURI + ", allow public client flows), Manifest (tags " + w.tag() + " and " +
			w.clientTag() + "), API permissions (Microsoft Graph openid, profile, offline_access, User.Read; " +
			w.MidTierName + " " + w.ScopeName + ")",
		next: w.nextClientApp,
	}
}

func (w Wanted) nextClientApp(t *Tenant) *write {
	c := &comparison{found: t.client}
	c.tags([]string{w.tag(), w.clientTag()})
	c.audience()
	c.publicClient(w.RedirectURI)
	c.access(GraphID, t.graphScopeIDs(clientScopes()), "Microsoft Graph "+strings.Join(values(clientScopes()), " "))
	if s := t.editScope(w); s.ID != "" || t.client.ID == "" {
		c.access(t.midTier.AppID, []string{s.ID}, w.MidTierName+" "+w.ScopeName)
	}
	return c.write(w.ClientName, func(t *Tenant, app application) { t.client = app })
}

// comparison collects what an application lacks.
type comparison struct {
	found application
	patch application
	shows []Difference
}

// differ notes that a property differs.
func (c *comparison) differ(property string, from, to any) {
	if c.found.ID == "" {
		from = nil
	}
	c.shows = append(c.shows, Difference{Property: property, From: from, To: to})
}

// write returns the request that creates the application or changes what differs.
func (c *comparison) write(name string, into func(*Tenant, application)) *write {
	if c.found.ID == "" {
		c.patch.DisplayName = name
		c.patch.IdentifierURIs = nil // needs the client ID; the next write adds it
		return creates(appsPath, c.patch, c.shows, into)
	}
	if len(c.shows) == 0 {
		return nil
	}
	patch, changed := c.patch, c.found.with(c.patch)
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   appsPath + "/" + c.found.ID,
		body:   patch,
		shows:  c.shows,
		done: func(t *Tenant, _ []byte) error {
			into(t, changed)
			return nil
		},
	}
}

// with returns the application after a PATCH.
func (a application) with(patch application) application {
	if patch.Tags != nil {
		a.Tags = patch.Tags
	}
	if patch.SignInAudience != "" {
		a.SignInAudience = patch.SignInAudience
	}
	if patch.IdentifierURIs != nil {
		a.IdentifierURIs = patch.IdentifierURIs
	}
	if patch.API != nil {
		merged := apiSettings{}
		if a.API != nil {
			merged = *a.API
		}
		if patch.API.RequestedAccessTokenVersion != nil {
			merged.RequestedAccessTokenVersion = patch.API.RequestedAccessTokenVersion
		}
		if patch.API.Scopes != nil {
			merged.Scopes = patch.API.Scopes
		}
		a.API = &merged
	}
	if patch.OptionalClaims != nil {
		a.OptionalClaims = patch.OptionalClaims
	}
	if patch.IsFallbackPublicClient != nil {
		a.IsFallbackPublicClient = patch.IsFallbackPublicClient
	}
	if patch.PublicClient != nil {
		a.PublicClient = patch.PublicClient
	}
	if patch.RequiredResourceAccess != nil {
		a.RequiredResourceAccess = patch.RequiredResourceAccess
	}
	if patch.KeyCredentials != nil {
		a.KeyCredentials = patch.KeyCredentials
	}
	return a
}

func (c *comparison) api() *apiSettings {
	if c.found.API == nil {
		return &apiSettings{}
	}
	return c.found.API
}

// patchAPI returns the part of the patch for the API. Graph replaces a whole list, and
// keeps members that the patch lacks.
func (c *comparison) patchAPI() *apiSettings {
	if c.patch.API == nil {
		c.patch.API = &apiSettings{}
	}
	return c.patch.API
}

func (c *comparison) tags(wanted []string) {
	if d := added("tags", c.found.Tags, wanted); d != nil {
		c.patch.Tags = union(c.found.Tags, wanted)
		c.differ(d[0].Property, d[0].From, d[0].To)
	}
}

func (c *comparison) audience() {
	if c.found.SignInAudience != singleTenant {
		c.patch.SignInAudience = singleTenant
		c.differ("signInAudience", c.found.SignInAudience, singleTenant)
	}
}

func (c *comparison) tokenVersion() {
	version := 2
	if v := c.api().RequestedAccessTokenVersion; v == nil || *v != version {
		c.patchAPI().RequestedAccessTokenVersion = &version
		c.differ("api.requestedAccessTokenVersion", v, version)
	}
}

// scope adds the scope of the mid-tier, or enables it.
func (c *comparison) scope(w Wanted) {
	scopes := slices.Clone(c.api().Scopes)
	i := slices.IndexFunc(scopes, func(s permissionScope) bool { return s.Value == w.ScopeName })
	switch {
	case i < 0:
		scopes = append(scopes, permissionScope{
			ID:                      guid.New(),
			Value:                   w.ScopeName,
			Type:                    "Admin",
			IsEnabled:               true,
			AdminConsentDisplayName: "Read and write the user's profile",
			AdminConsentDescription: "Allows the app to read and write the profile of the signed-in user.",
		})
		c.differ("api.oauth2PermissionScopes", "", w.ScopeName)
	case !scopes[i].IsEnabled:
		scopes[i].IsEnabled = true
		c.differ("api.oauth2PermissionScopes", w.ScopeName+" (disabled)", w.ScopeName)
	default:
		return
	}
	c.patchAPI().Scopes = scopes
}

func (c *comparison) uri() {
	uri := "api://" + orLater(c.found.AppID)
	if !slices.Contains(c.found.IdentifierURIs, uri) {
		c.patch.IdentifierURIs = union(c.found.IdentifierURIs, []string{uri})
		c.differ("identifierUris", strings.Join(c.found.IdentifierURIs, " "), uri)
	}
}
