package sts

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// grant is the result of resolving a scope parameter: the one API that the access token is
// for, and what the client may do there.
type grant struct {
	resource string   // app ID of the API; also the audience of the access token
	scopes   []string // short names, for scp
	echo     []string // as requested: MSAL Go treats other spellings as declined
	openID   bool     // whether to issue an ID token
	profile  bool     // whether the ID token contains the name
	email    bool     // whether the ID token contains the email address
	offline  bool     // whether to issue a refresh token
}

const graphURI = "https://graph.microsoft.com"

// graphAPI returns Microsoft Graph with the delegated permissions that the tenant supports.
func graphAPI() directory.App {
	return directory.App{ID: GraphID, Scopes: []string{"User.Read", "User.ReadWrite"}}
}

// resolve parses a scope parameter. It returns an error if a scope does not exist, if the
// app has no consent for it, or if the scopes belong to more than one API.
func (s *STS) resolve(scope string, app directory.App) (grant, *entraError) {
	g := grant{}
	for name := range strings.FieldsSeq(scope) {
		if g.addOpenID(name) {
			continue
		}
		api, short, e := s.findAPI(name)
		if e != nil {
			return grant{}, e
		}
		if g.resource != "" && g.resource != api.ID {
			return grant{}, newError(aadstsTokenScopeResources)
		}
		g.resource = api.ID
		if e := g.add(name, short, api, app); e != nil {
			return grant{}, e
		}
	}
	if g.resource == "" { // a sign-in without an API gets a token for Graph, as in Entra
		if !g.openID {
			return grant{}, newError(aadstsParameterMissing, "scope")
		}
		g.resource = GraphID
		g.scopes = []string{"openid", "profile"}
	}
	return g, nil
}

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

// findAPI returns the API that a scope belongs to, and the short name of the scope. A scope
// without a URI belongs to Graph.
func (s *STS) findAPI(scope string) (api directory.App, short string, e *entraError) {
	uri, short := splitScope(scope)
	s.Directory.View(func(d *directory.State) {
		if found, ok := apiByURI(d, uri); ok {
			api = found
		} else {
			e = newError(aadstsResourceNotFound, uri)
		}
	})
	return api, short, e
}

// FindScope returns the API that a scope belongs to and the scope's short name, in the
// spelling of the API. It reports whether the API exposes the scope.
func FindScope(d *directory.State, scope string) (api directory.App, short string, ok bool) {
	uri, short := splitScope(scope)
	if api, ok = apiByURI(d, uri); !ok {
		return directory.App{}, "", false
	}
	i := slices.IndexFunc(api.Scopes, func(known string) bool { return strings.EqualFold(known, short) })
	if i < 0 {
		return directory.App{}, "", false
	}
	return api, api.Scopes[i], true
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

func apiByURI(d *directory.State, uri string) (directory.App, bool) {
	if uri == "" || uri == graphURI || uri == GraphID {
		return graphAPI(), true
	}
	api, ok := d.AppByURI(uri)
	if !ok {
		return directory.App{}, false
	}
	return *api, true
}

// add adds a scope of the API if it exists and the app has consent for it. .default adds all
// scopes that the app has consent for.
func (g *grant) add(requested, short string, api, app directory.App) *entraError {
	if short == ".default" {
		return g.addDefault(requested, api, app)
	}
	i := slices.IndexFunc(api.Scopes, func(known string) bool { return strings.EqualFold(known, short) })
	switch {
	case i < 0 && api.ID == GraphID && !strings.Contains(requested, "/"):
		return newError(aadstsScopeInvalid)
	case i < 0:
		return newError(aadstsScopeUnknown, short)
	case !app.HasConsent(api.ID, short):
		return newError(aadstsConsentMissing, app.ID)
	}
	g.scopes = append(g.scopes, api.Scopes[i])
	g.echo = append(g.echo, requested)
	return nil
}

func (g *grant) addDefault(requested string, api, app directory.App) *entraError {
	granted := app.Consents[api.ID]
	if len(granted) == 0 {
		return newError(aadstsConsentMissing, app.ID)
	}
	g.scopes = append(g.scopes, granted...)
	prefix := strings.TrimSuffix(requested, ".default")
	for _, scope := range granted {
		g.echo = append(g.echo, prefix+scope)
	}
	g.echo = append(g.echo, requested)
	return nil
}
