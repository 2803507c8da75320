package graph

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const graphURI = "https://graph.microsoft.com"

// caller represents the holder of a valid access token.
type caller struct {
	claims map[string]any
	scopes []string // delegated permissions; none if an app acts for itself
}

// authenticate verifies the access token of a request.
func (g *Graph) authenticate(r *http.Request) (caller, *odata.Error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(raw) == "" {
		return caller{}, odata.InvalidToken("Access token is empty.").Because("the request has no bearer token")
	}
	var keys []directory.Key
	g.Directory.View(func(d *directory.State) { keys = d.Keys })
	claims, err := g.Signer.Verify(keys, strings.TrimSpace(raw), g.Now())
	if err != nil {
		return caller{}, odata.InvalidToken(tokenMessage(raw, err)).Because("%s", tokenProblem(err))
	}
	g.recordToken(audit.From(r.Context()), claims)
	if claims["aud"] != sts.GraphID && claims["aud"] != graphURI {
		return caller{}, odata.InvalidToken("Access token validation failure. Invalid audience.").
			Because("the access token is for another API: its audience is %q, not Microsoft Graph", claims["aud"])
	}
	scp, _ := claims["scp"].(string)
	return caller{claims: claims, scopes: strings.Fields(scp)}, nil
}

// caller returns the holder of an access token as the administration of the tenant needs it.
func (g *Graph) caller(c caller) odata.Caller {
	id, _ := c.claims["oid"].(string)
	return odata.Caller{ID: id, Scopes: c.scopes, Roles: c.roles(), AppOnly: c.isApp()}
}

// tokenMessage returns Graph's published message about a token that is not valid.
func tokenMessage(raw string, err error) string {
	const dotsInJWT = 2
	switch {
	case errors.Is(err, token.ErrExpired):
		return "Lifetime validation failed, the token is expired."
	case strings.Count(raw, ".") != dotsInJWT:
		return "CompactToken parsing failed with error code: 80049217"
	}
	return "Access token validation failure."
}

// isApp reports whether an app acts for itself.
func (c caller) isApp() bool { return c.claims["idtyp"] == "app" }

// roles returns the application permissions of an app that acts for itself.
func (c caller) roles() (names []string) {
	roles, _ := c.claims["roles"].([]any)
	for _, role := range roles {
		if name, ok := role.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// need returns an error unless the token grants one of the permissions.
func (c caller) need(permissions ...string) *odata.Error {
	granted := c.scopes
	if c.isApp() {
		granted = c.roles()
	}
	if slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(granted, p) }) {
		return nil
	}
	return odata.AccessDenied().Because("the access token grants %q, but the request needs %s",
		strings.Join(granted, " "), strings.Join(permissions, " or "))
}

// user returns the signed-in user of a token.
func (g *Graph) user(c caller) (user directory.User, e *odata.Error) {
	id, _ := c.claims["oid"].(string)
	e = odata.NoObject(id)
	g.Directory.View(func(d *directory.State) {
		if found, ok := d.UserByID(id); ok {
			user, e = *found, nil
		}
	})
	return user, e
}

// target returns the user that a path names, if the token grants a permission for the
// method. For a user, it must be the signed-in one: in external tenants, "the user ID or
// userPrincipalName is always the signed-in user's" (learn.microsoft.com, "User default
// permissions in external tenants"). That Graph returns 403 for other users and 404 for
// unknown ones is inferred.
func (g *Graph) target(c caller, t target, method string) (directory.User, *odata.Error) {
	switch {
	case len(c.scopes) == 0 && t.user == "":
		return directory.User{}, odata.BadRequest("/me request is only valid with delegated authentication flow.")
	case c.isApp():
		return g.targetOfApp(c, t, method)
	}
	if e := c.need(needed(method)...); e != nil {
		return directory.User{}, e
	}
	user, e := g.user(c)
	if e == nil && t.user != "" && !g.names(t.user, user.ID) {
		e = g.otherUser(t.user)
	}
	return user, e
}

// targetOfApp returns the user that a path names, if the app that acts for itself has a
// permission for the method.
func (g *Graph) targetOfApp(c caller, t target, method string) (user directory.User, e *odata.Error) {
	if e := c.need(neededByApps(method)...); e != nil {
		return user, e
	}
	e = odata.NoObject(t.user)
	g.Directory.View(func(d *directory.State) {
		for _, u := range d.Users {
			if strings.EqualFold(t.user, u.ID) || strings.EqualFold(t.user, d.PrincipalName(u.ID)) {
				user, e = u, nil
			}
		}
	})
	return user, e
}

// names reports whether key is the id or userPrincipalName of the account with the id.
func (g *Graph) names(key, id string) (named bool) {
	g.Directory.View(func(d *directory.State) {
		named = strings.EqualFold(key, id) || strings.EqualFold(key, d.PrincipalName(id))
	})
	return named
}

// otherUser returns the error for a user who is not signed in.
func (g *Graph) otherUser(key string) *odata.Error {
	exists := false
	g.Directory.View(func(d *directory.State) {
		exists = slices.ContainsFunc(d.Users, func(u directory.User) bool {
			return strings.EqualFold(key, u.ID) || strings.EqualFold(key, d.PrincipalName(u.ID))
		})
	})
	if exists {
		return odata.AccessDenied().Because("users may only access themselves, and %q is another user", key)
	}
	return odata.NoObject(key)
}
