package sts

import (
	"errors"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// onBehalfOf exchanges a user's access token for the app (the assertion) for an access token
// for another API (learn.microsoft.com, OAuth 2.0 On-Behalf-Of flow).
func (s *STS) onBehalfOf(t tokenRequest) (issuance, *entraError) {
	switch {
	case t.app.Public():
		return issuance{}, newError(aadstsClientCredentialMissing)
	case t.form.Get("requested_token_use") != "on_behalf_of":
		return issuance{}, newError(aadstsParameterMissing, "requested_token_use")
	case t.form.Get("assertion") == "":
		return issuance{}, newError(aadstsParameterMissing, "assertion")
	case t.form.Get("scope") == "":
		return issuance{}, newError(aadstsParameterMissing, "scope")
	}
	auth, e := s.openAssertion(t)
	if e != nil {
		return issuance{}, e
	}
	g, e := s.resolveGranted(t.form.Get("scope"), t.app.For(auth.UserID))
	if e != nil {
		return issuance{}, e
	}
	if g.several {
		return issuance{}, newError(aadstsTokenScopeResources, g.text)
	}
	// The policies of the app itself do not matter: they applied when the assertion was issued.
	if e := s.checkPolicies(g.api.ID, t.claims, auth); e != nil {
		return issuance{}, e
	}
	g.openID = false
	return t.issuance(g, auth), nil
}

// openAssertion verifies the assertion and returns how its user authenticated.
func (s *STS) openAssertion(t tokenRequest) (authentication, *entraError) {
	ours := s.tenant()
	claims, err := s.Signer.Verify(ours.keys, t.form.Get("assertion"), s.Now())
	if errors.Is(err, token.ErrExpired) {
		return authentication{}, newError(aadstsAssertionExpired)
	}
	if err != nil {
		return authentication{}, newError(aadstsAssertionInvalid)
	}
	if audience, _ := claims["aud"].(string); !isAudience(t.app, audience) {
		return authentication{}, newError(aadstsAssertionAudience).because(
			"the assertion is for %s, not for %s, which exchanges it", s.apiName(audience), t.app.Name)
	}
	if claims["azp"] == nil && claims["appid"] == nil {
		return authentication{}, newError(aadstsAssertionIDToken)
	}
	var auth authentication
	aio, _ := claims["aio"].(string)
	if scp, _ := claims["scp"].(string); scp == "" || token.Open(ours.sealKey, aio, &auth) != nil {
		return authentication{}, newError(aadstsAssertionWithoutUser, t.app.ID)
	}
	s.recordUser(t.record, auth.UserID)
	if s.family(auth.Family).Revoked {
		return authentication{}, newError(aadstsGrantRevoked)
	}
	return auth, nil
}

// isAudience reports whether an access token with the audience is for the app. v1.0 tokens can
// have the App ID URI instead of the app ID.
func isAudience(app directory.App, audience string) bool {
	return strings.EqualFold(audience, app.ID) || slices.Contains(app.IdentifierURIs, audience)
}
