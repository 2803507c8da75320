package sts

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// grant is what a request for scopes comes to: one API, and what to echo.
type grant struct {
	Resource string   `json:"r"`           // the API's app id
	Audience string   `json:"a"`           // aud of its tokens
	Scopes   []string `json:"s"`           // short names, for scp
	Echo     []string `json:"e"`           // as asked: MSAL Go takes a scope that comes back otherwise for declined
	OpenID   bool     `json:"o,omitempty"` // an id token is wanted
	Profile  bool     `json:"p,omitempty"`
	Email    bool     `json:"m,omitempty"`
	Offline  bool     `json:"f,omitempty"` // a refresh token is wanted
}

// graphScopes are the delegated permissions that the tenant knows of Graph.
var graphScopes = []string{"User.Read", "User.ReadWrite"}

const graphURI = "https://graph.microsoft.com"

// resolve reads a scope parameter for an app.
func (s *STS) resolve(scope string, app directory.App) (grant, *refusal) {
	g := grant{}
	for name := range strings.FieldsSeq(scope) {
		if g.oidc(name) {
			continue
		}
		resource, audience, short, f := s.resource(name)
		if f != nil {
			return grant{}, f
		}
		if g.Resource != "" && g.Resource != resource.ID {
			return grant{}, no(28000)
		}
		g.Resource, g.Audience = resource.ID, audience
		if f := g.add(name, short, resource, app); f != nil {
			return grant{}, f
		}
	}
	if g.Resource == "" { // a bare sign-in gets a token for Graph, as in Entra
		if !g.OpenID {
			return grant{}, no(900144, "scope")
		}
		g.Resource, g.Audience = GraphID, GraphID
		g.Scopes = []string{"openid", "profile"}
	}
	return g, nil
}

// oidc takes OpenID Connect's own scopes. offline_access is not echoed.
func (g *grant) oidc(name string) bool {
	switch name {
	case "openid":
		g.OpenID = true
	case "profile":
		g.Profile = true
	case "email":
		g.Email = true
	case "offline_access":
		g.Offline = true
		return true
	default:
		return false
	}
	g.Echo = append(g.Echo, name)
	return true
}

// resource splits a scope into the API it belongs to and its short name.
func (s *STS) resource(scope string) (api directory.App, audience, short string, f *refusal) {
	uri, short := "", scope
	if i := strings.LastIndex(scope, "/"); i >= 0 {
		uri, short = strings.TrimSuffix(scope[:i], "/"), scope[i+1:]
	}
	if uri == "" || uri == graphURI || uri == GraphID {
		return directory.App{ID: GraphID, Scopes: graphScopes}, GraphID, short, nil
	}
	found := false
	s.Directory.View(func(d *directory.State) {
		if a, ok := d.AppByURI(uri); ok {
			api, found = *a, true
		}
	})
	if !found {
		return directory.App{}, "", "", no(500011, uri)
	}
	return api, api.ID, short, nil // v2 tokens carry the client id, never the URI
}

// add takes one scope of the API, if it exists and the app has consent.
func (g *grant) add(asked, short string, api, app directory.App) *refusal {
	if short == ".default" {
		granted := app.Consents[api.ID]
		if len(granted) == 0 {
			return no(65001, app.ID)
		}
		g.Scopes = append(g.Scopes, granted...)
		prefix := strings.TrimSuffix(asked, ".default")
		for _, scope := range granted {
			g.Echo = append(g.Echo, prefix+scope)
		}
		g.Echo = append(g.Echo, asked)
		return nil
	}
	i := slices.IndexFunc(api.Scopes, func(known string) bool { return strings.EqualFold(known, short) })
	if i < 0 {
		if api.ID == GraphID && !strings.Contains(asked, "/") {
			return no(70011)
		}
		return no(650053, short)
	}
	if !app.HasConsent(api.ID, short) {
		return no(65001, app.ID)
	}
	g.Scopes = append(g.Scopes, api.Scopes[i])
	g.Echo = append(g.Echo, asked)
	return nil
}
