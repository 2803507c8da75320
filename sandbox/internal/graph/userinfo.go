package graph

import (
	"net/http"
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/audit"

	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// userinfo handles the UserInfo endpoint (learn.microsoft.com, "Microsoft identity
// platform UserInfo endpoint"). It needs the permission openid; the names and the picture
// need profile, and the email address needs email. sub is the one of the ID token.
func (g *Graph) userinfo(w http.ResponseWriter, r *http.Request, c caller) *odata.Error {
	if e := c.need("openid"); e != nil {
		return e
	}
	user, e := g.user(c)
	if e != nil {
		return e
	}
	body := map[string]any{"sub": c.clientSubject()}
	if slices.Contains(c.scopes, "profile") {
		for claim, property := range map[string]string{
			"name":        "displayName",
			"family_name": "surname",
			"given_name":  "givenName",
		} {
			if text := user.Profile[property]; text != nil {
				body[claim] = *text
			}
		}
		body["picture"] = graphURI + "/v1.0/me/photo/$value"
	}
	if slices.Contains(c.scopes, "email") {
		body["email"] = user.Email
	}
	audit.From(r.Context()).Answered("returned the claims about the user")
	g.out.SetHeaders(w, r)
	odata.WriteJSON(w, http.StatusOK, "application/json; charset=utf-8", body)
	return nil
}

// clientSubject returns the user's identifier for the client, which differs from sub, the
// identifier for Graph.
func (c caller) clientSubject() string {
	subjects, _ := c.claims["xms_st"].(map[string]any)
	sub, _ := subjects["sub"].(string)
	return sub
}
