package sts

import (
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// grant is the result of resolving a scope parameter: the one API that the access token is
// for, and what the client may do there.
type grant struct {
	text     string        // the scope parameter
	api      directory.App // the API of the first scope that belongs to one
	audience string        // how that scope names the API: the audience of a v1.0 access token
	scopes   []string      // short names, for scp
	echo     []string      // as requested: MSAL Go treats other spellings as declined
	missing  []string      // requested scopes that the app has no consent for
	several  bool          // whether further scopes belong to other APIs
	openID   bool          // whether to issue an ID token
	profile  bool          // whether tokens contain the name and the object ID
	email    bool          // whether the ID token contains the email address
	offline  bool          // whether to issue a refresh token
}

const (
	graphURI     = "https://graph.microsoft.com"
	defaultScope = ".default"
)

// openIDScopes returns the scopes of OpenID Connect, which are "also hosted on Microsoft Graph"
// (learn.microsoft.com, "Scopes and permissions in the Microsoft identity platform").
func openIDScopes() []string { return []string{"openid", "profile", "email", "offline_access"} }

// resolve parses a scope parameter that may name several APIs. The access token is for the
// API of the first scope; the scopes of OpenID Connect belong to no API. It returns an error
// if a scope or an API does not exist. Scopes without consent are left out of the grant and
// are listed as missing.
func (s *STS) resolve(scope string, app directory.App) (grant, *entraError) {
	g := grant{text: scope}
	names := strings.Fields(scope)
	if e := checkDefault(names); e != nil {
		return grant{}, e
	}
	for _, name := range names {
		if g.addOpenID(name) {
			continue
		}
		if e := s.addScope(&g, name, app); e != nil {
			return grant{}, e
		}
	}
	return g, g.complete(app)
}

// resolveGranted is resolve for requests without a user interface: it returns an error if the
// app has no consent for a scope.
func (s *STS) resolveGranted(scope string, app directory.App) (grant, *entraError) {
	g, e := s.resolve(scope, app)
	if e == nil && len(g.missing) > 0 {
		e = newError(aadstsConsentMissing, app.ID)
	}
	return g, e
}

// checkDefault returns an error if .default is combined with another scope of an API, of the
// same one or not (learn.microsoft.com, "Scopes and permissions in the Microsoft identity
// platform", "The .default scope").
func checkDefault(names []string) *entraError {
	ofAPIs := slices.DeleteFunc(slices.Clone(names), isOpenID)
	if len(ofAPIs) > 1 && slices.ContainsFunc(ofAPIs, isDefault) {
		return newError(aadstsScopeInvalid, strings.Join(names, " ")+" is not valid. "+
			".default scope can't be combined with resource-specific scopes.")
	}
	return nil
}

func isDefault(scope string) bool {
	return scope == defaultScope || strings.HasSuffix(scope, "/"+defaultScope)
}

func isOpenID(scope string) bool { return slices.Contains(openIDScopes(), scope) }

// addOpenID adds a scope of OpenID Connect. It reports whether the name is one.
// offline_access is not echoed.
func (g *grant) addOpenID(name string) bool {
	switch name {
	case "openid":
		g.openID = true
	case "profile":
		g.profile = true
	case "email":
		g.email = true
	case "offline_access":
		g.offline = true
		return true
	default:
		return false
	}
	g.echo = append(g.echo, name)
	return true
}

// addScope adds a scope of an API. Of scopes that belong to another API than the first one,
// only the consent matters: the token is for the first API.
func (s *STS) addScope(g *grant, name string, app directory.App) *entraError {
	api, short, e := s.findAPI(name)
	if e != nil {
		return e
	}
	if isDefault(name) && api.ID == app.ID && !strings.EqualFold(strings.TrimSuffix(name, "/"+defaultScope), app.ID) {
		return newError(aadstsTokenForItself, app.ID)
	}
	granted, e := grantedScopes(name, short, api, app)
	switch {
	case e != nil:
		return e
	case granted == nil:
		g.missing = append(g.missing, name)
	}
	if g.api.ID == "" {
		g.api = api
		g.audience = audienceOf(name)
	}
	if g.api.ID != api.ID {
		g.several = true
		return nil
	}
	g.scopes = append(g.scopes, granted...)
	if short == defaultScope {
		prefix := strings.TrimSuffix(name, defaultScope)
		for _, scope := range granted {
			g.echo = append(g.echo, prefix+scope)
		}
	}
	if granted != nil {
		g.echo = append(g.echo, name)
	}
	return nil
}

// grantedScopes returns the short names of the scopes that a requested scope grants, or nil
// if the app has no consent. .default grants all scopes that the app has consent for.
func grantedScopes(name, short string, api, app directory.App) ([]string, *entraError) {
	if short == defaultScope {
		return slices.DeleteFunc(app.Consented(api.ID), isOpenID), nil
	}
	scope, known := api.FindScope(short)
	switch {
	case !known:
		return nil, newError(aadstsScopeUnknown, app.Name, short, api.ID)
	case !app.HasConsent(api.ID, short):
		return nil, nil
	}
	return []string{scope.Value}, nil
}

// complete adds what follows from the scopes. A sign-in without an API gets a token for Graph,
// with the permissions that the app has consent for: the token is meant for the UserInfo
// endpoint, which Graph hosts (learn.microsoft.com, "OpenID Connect on the Microsoft identity
// platform", "Get an access token for the UserInfo endpoint").
func (g *grant) complete(app directory.App) *entraError {
	if g.api.ID == "" {
		switch {
		case g.openID || g.profile || g.email:
		case g.offline:
			return newError(aadstsScopeWithoutAPI, g.text)
		default:
			return newError(aadstsParameterMissing, "scope")
		}
		g.api, g.audience = directory.Graph(), GraphID
		g.scopes = slices.DeleteFunc(app.Consented(GraphID), isOpenID)
		g.echo = append(g.echo, g.scopes...)
	}
	if g.api.ID == GraphID {
		g.scopes = append(slices.Clone(g.scopes), g.openIDNames()...)
	}
	return nil
}

// openIDNames returns the requested scopes that the UserInfo endpoint reads.
func (g *grant) openIDNames() (names []string) {
	for _, name := range openIDScopes() {
		if slices.Contains(g.echo, name) {
			names = append(names, name)
		}
	}
	return names
}

// findAPI returns the API that a scope belongs to, and the short name of the scope. A scope
// without a URI belongs to Graph.
func (s *STS) findAPI(scope string) (api directory.App, short string, e *entraError) {
	uri, short := splitScope(scope)
	s.Directory.View(func(d *directory.State) {
		found, ok := apiByURI(d, uri)
		switch {
		case !ok && !isURI(uri) && !IsGUID(uri):
			e = newError(aadstsScopeInvalid, scope+" is not valid. The scope format is invalid. "+
				"Scope must be in a valid URI form <https://example/scope> or a valid Guid <guid/scope>.")
		case !ok:
			e = newError(aadstsResourceNotFound, uri)
		case found.Principal == nil:
			e = newError(aadstsResourceNotFound, uri).because("the app %s has no service principal", found.Name)
		case found.Principal.Disabled:
			e = newError(aadstsResourceDisabled, uri)
		default:
			api = found
		}
	})
	return api, short, e
}

// isURI reports whether a text is a URI with more than a scheme: the scope
// https://graph.microsoft.com, without the name of a permission, has none.
func isURI(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && u.Host+u.Opaque != ""
}

// audienceOf returns how a scope names its API. A scope without a URI belongs to Graph.
func audienceOf(scope string) string {
	if uri, _ := splitScope(scope); uri != "" {
		return uri
	}
	return GraphID
}

// unconsented returns the scopes that an administrator has to grant to the app before a user
// can sign in to it. In external tenants, users cannot consent. openid and offline_access are
// permissions of Graph, which Microsoft's quickstarts grant; an app whose permissions name
// neither has both.
func (g *grant) unconsented(app directory.App) []string {
	missing := slices.Clone(g.missing)
	openID, offline := app.HasConsent(GraphID, "openid"), app.HasConsent(GraphID, "offline_access")
	if g.openID && offline && !openID {
		missing = append(missing, "openid")
	}
	if g.offline && openID && !offline {
		missing = append(missing, "offline_access")
	}
	return missing
}

// FindScope returns the API that a scope belongs to and the scope's short name, in the
// spelling of the API. It reports whether the API exposes the scope.
func FindScope(d *directory.State, scope string) (api directory.App, short string, ok bool) {
	uri, short := splitScope(scope)
	if api, ok = apiByURI(d, uri); !ok {
		return directory.App{}, "", false
	}
	found, ok := api.FindScope(short)
	if !ok {
		return directory.App{}, "", false
	}
	return api, found.Value, true
}

// splitScope returns the URI of a scope's API, which is empty for Graph, and the scope's short
// name.
func splitScope(scope string) (uri, short string) {
	i := strings.LastIndex(scope, "/")
	if i < 0 {
		return "", scope
	}
	return strings.TrimSuffix(scope[:i], "/"), scope[i+1:]
}

// FindAPI returns the API with an App ID URI or a client ID, which may be Microsoft Graph.
func FindAPI(d *directory.State, uri string) (directory.App, bool) {
	if uri == "" {
		return directory.App{}, false
	}
	return apiByURI(d, uri)
}

func apiByURI(d *directory.State, uri string) (directory.App, bool) {
	if uri == "" || strings.EqualFold(uri, graphURI) || uri == GraphID {
		return d.Client(GraphID)
	}
	api, ok := d.AppByURI(uri)
	if !ok {
		return directory.App{}, false
	}
	return *api, true
}
