package sts

import (
	"errors"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// onBehalfOf exchanges a user's access token for the app (the assertion) for an access token
// for another API (learn.microsoft.com, OAuth 2.0 On-Behalf-Of flow).
func (s *STS) onBehalfOf(t tokenRequest) (issuance, *entraError) {
	switch {
	case t.app.Public:
		return issuance{}, newError(aadstsClientCredentialMissing)
	case t.form.Get("requested_token_use") != "on_behalf_of":
		return issuance{}, newError(aadstsParameterMissing, "requested_token_use")
	case t.form.Get("assertion") == "":
		return issuance{}, newError(aadstsParameterMissing, "assertion")
	}
	auth, e := s.openAssertion(t)
	if e != nil {
		return issuance{}, e
	}
	g, e := s.resolve(t.form.Get("scope"), t.app)
	if e != nil {
		return issuance{}, e
	}
	// The policy protects the mid-tier, so the assertion must meet it too: it may have been
	// issued before the policy was switched on.
	if s.needsMFA(t.app.ID, t.claims, auth) || s.needsMFA(g.resource, t.claims, auth) {
		return issuance{}, s.mfaError(t.app.ID, t.claims)
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
	if audience, _ := claims["aud"].(string); !strings.EqualFold(audience, t.app.ID) {
		return authentication{}, newError(aadstsAssertionAudience)
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
