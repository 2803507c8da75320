package sts

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// toVersion1 turns the claims of a v2.0 access token into those of a v1.0 token, which have
// other names and another issuer (learn.microsoft.com, "Access token claims reference").
func (s *STS) toVersion1(claims map[string]any, app directory.App) {
	claims["ver"] = "1.0"
	claims["iss"] = "https://sts.windows.net/" + s.tenant().id + "/"
	claims["appid"], claims["appidacr"] = claims["azp"], claims["azpacr"]
	claims["app_displayname"] = app.Name
	delete(claims, "azp")
	delete(claims, "azpacr")
	delete(claims, "preferred_username")
}

// addUser1 adds the claims about a user that only v1.0 access tokens have: the names, and how
// the user authenticated. Names need the scope profile.
func (s *STS) addUser1(claims map[string]any, i issuance, user directory.User) {
	claims["acr"], claims["amr"] = "1", authenticationMethods(i.auth)
	claims["unique_name"] = user.Email
	s.Directory.View(func(d *directory.State) { claims["upn"] = d.PrincipalName(user.ID) })
	if !i.grant.profile {
		return
	}
	for claim, property := range map[string]string{"family_name": "surname", "given_name": "givenName"} {
		if value := user.Profile[property]; value != nil {
			claims[claim] = *value
		}
	}
}

// authenticationMethods returns the amr claim. The second factor is a one-time code by email.
func authenticationMethods(a authentication) []string {
	if a.MFA {
		return []string{"pwd", "otp", "mfa"}
	}
	return []string{"pwd"}
}

// toGraph turns the claims of a v2.0 access token into those of a token for Microsoft Graph,
// which is a v1.0 token with some more claims. Published tokens of an external tenant have
// them. The audience is as the client named Graph; xms_st holds the user's sub for the client.
func (s *STS) toGraph(claims map[string]any, i issuance, user directory.User) {
	s.toVersion1(claims, i.app)
	s.addUser1(claims, i, user)
	named := func(scope string) bool { return strings.HasPrefix(scope, graphURI+"/") }
	if slices.ContainsFunc(i.grant.echo, named) {
		claims["aud"] = graphURI
	}
	claims["scp"] = strings.Join(graphScopes(i.grant), " ")
	claims["acct"], claims["idtyp"], claims["tenant_region_scope"] = 0, "user", "EU"
	claims["xms_st"] = map[string]string{"sub": token.Pairwise(s.tenant().sealKey, user.ID, i.app.ID)}
}

// graphScopes returns the scopes of a grant for Graph with the scopes of OpenID Connect, which
// are permissions of Graph.
func graphScopes(g grant) []string {
	scopes := slices.Clone(g.scopes)
	for _, name := range []string{"openid", "profile", "email"} {
		if slices.Contains(g.echo, name) && !slices.Contains(scopes, name) {
			scopes = append(scopes, name)
		}
	}
	return scopes
}
