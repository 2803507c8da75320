package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

const graphURI = "https://graph.microsoft.com"

// caller returns the user whose access token a request carries. It returns an
// error unless the token grants one of the scopes.
func (g *Graph) caller(r *http.Request, scopes ...string) (directory.User, *graphError) {
	scheme, raw, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return directory.User{}, invalidToken("Access token is empty.").
			because("the request has no bearer token")
	}
	var keys []directory.Key
	g.Directory.View(func(d *directory.State) { keys = d.Keys })
	claims, err := g.Signer.Verify(keys, raw, g.Now())
	if err != nil {
		return directory.User{}, invalidToken("Access token validation failure.").because("%s", tokenProblem(err))
	}
	g.recordToken(audit.From(r.Context()), claims)
	if claims["aud"] != sts.GraphID && claims["aud"] != graphURI {
		return directory.User{}, invalidToken("Access token validation failure. Invalid audience.").
			because("the access token is for another API: its audience is %q, not Microsoft Graph", claims["aud"])
	}
	granted, delegated := claims["scp"].(string)
	if !delegated {
		return directory.User{}, &graphError{
			status:  http.StatusBadRequest,
			code:    "BadRequest",
			message: "/me request is only valid with delegated authentication flow.",
		}
	}
	if !hasAny(strings.Fields(granted), scopes) {
		return directory.User{}, accessDenied().
			because("the access token grants %q, but the request needs %s", granted, strings.Join(scopes, " or "))
	}
	id, _ := claims["oid"].(string)
	user, ok := g.findUser(id)
	if !ok {
		return directory.User{}, &graphError{
			status: http.StatusNotFound,
			code:   "Request_ResourceNotFound",
			message: "Resource does not exist or one of its queried reference-property objects " +
				"are not present.",
		}
	}
	return user, nil
}

func hasAny(granted, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(granted, s) })
}

// findUser returns a copy of the account with an object id.
func (g *Graph) findUser(id string) (user directory.User, ok bool) {
	g.Directory.View(func(d *directory.State) {
		var found *directory.User
		if found, ok = d.UserByID(id); ok {
			user = *found
		}
	})
	return user, ok
}
