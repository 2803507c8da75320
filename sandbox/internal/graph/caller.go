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
	admin := odata.Caller{ID: id, Scopes: c.scopes, AppOnly: c.claims["idtyp"] == "app"}
	roles, _ := c.claims["roles"].([]any)
	for _, role := range roles {
		if name, ok := role.(string); ok {
			admin.Roles = append(admin.Roles, name)
		}
	}
	return admin
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

// need returns an error unless the token grants one of the scopes.
func (c caller) need(scopes ...string) *odata.Error {
	if slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.scopes, s) }) {
		return nil
	}
	return odata.AccessDenied().Because("the access token grants %q, but the request needs %s",
		strings.Join(c.scopes, " "), strings.Join(scopes, " or "))
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

// target returns the user that a path names, if the token grants one of the scopes. It
// must be the signed-in user: in external tenants, "the user ID or userPrincipalName is
// always the signed-in user's" (learn.microsoft.com, "User default permissions in external
// tenants"). That Graph returns 403 for other users and 404 for unknown ones is inferred.
func (g *Graph) target(c caller, t target, scopes ...string) (directory.User, *odata.Error) {
	if len(c.scopes) == 0 && t.user == "" {
		return directory.User{}, odata.BadRequest("/me request is only valid with delegated authentication flow.")
	}
	if e := c.need(scopes...); e != nil {
		return directory.User{}, e
	}
	user, e := g.user(c)
	if e == nil && t.user != "" && !g.names(t.user, user.ID) {
		e = g.otherUser(t.user)
	}
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
