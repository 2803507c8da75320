package sts

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"
)

// authorizationCode holds what the service knows about an authorization code. STS.mu guards
// used.
type authorizationCode struct {
	clientID  string
	redirect  string
	picked    bool   // whether the authorization request named no redirect URI
	spa       bool   // whether the redirect URI is one of a single-page app
	challenge string // PKCE code_challenge, if the client sent one
	plain     bool   // whether the challenge is the verifier itself
	nonce     string
	grant     grant
	claims    claimsRequest
	auth      authentication
	expires   time.Time
	used      bool
}

// redeemCode exchanges an authorization code for tokens. A code is valid once, for the
// client, the redirect URI and the code challenge of the authorization request. A second use
// revokes the tokens of the first (RFC 6749, 4.1.2).
func (s *STS) redeemCode(t tokenRequest, code string) (issuance, *entraError) {
	c, reused, e := s.useCode(code, t)
	if c != nil {
		s.recordUser(t.record, c.auth.UserID)
	}
	switch {
	case e != nil:
		return issuance{}, e
	case c == nil:
		return issuance{}, newError(aadstsGrantInvalid).
			because("the tenant does not know this code; codes are lost when the sandbox stops")
	case reused:
		s.revoke(c.auth.Family)
		return issuance{}, newError(aadstsCodeRedeemed).
			because("the code was redeemed before; the refresh tokens of this sign-in are now revoked")
	case !strings.EqualFold(c.clientID, t.app.ID):
		return issuance{}, newError(aadstsWrongClient).because("the code was issued to %s", s.apiName(c.clientID))
	case !c.sameRedirect(t.form.Get("redirect_uri")):
		return issuance{}, newError(aadstsReplyAddressMismatch, t.form.Get("redirect_uri"), c.redirect)
	case s.Now().After(c.expires):
		return issuance{}, newError(aadstsGrantExpired).
			because("the code expired at %s; codes last %s", c.expires.UTC().Format(time.DateTime), codeLife)
	case !c.verify(t):
		return issuance{}, newError(aadstsCodeVerifierMismatch).because("%s", c.verifierProblem(t))
	}
	t.app = t.app.For(c.auth.UserID)
	g, e := s.redeemedGrant(c.grant, t)
	if e != nil {
		return issuance{}, e
	}
	t.claims = t.claims.with(c.claims)
	if e := s.checkPolicies(g.api.ID, t.claims, c.auth); e != nil {
		return issuance{}, e
	}
	i := t.issuance(g, c.auth)
	i.nonce, i.scope = c.nonce, c.grant.text
	if c.spa {
		i.refreshEnd = s.Now().Add(spaLife)
	}
	return i, nil
}

// verifierProblem returns why verify rejects a token request.
func (c *authorizationCode) verifierProblem(t tokenRequest) string {
	switch {
	case c.challenge == "":
		return "the token request has a code_verifier, but the authorization request had no code_challenge"
	case t.form.Get("code_verifier") == "":
		return "the authorization request had a code_challenge, but the token request has no code_verifier"
	}
	return "the code_verifier does not match the code_challenge of the authorization request"
}

// useCode marks an authorization code as used and returns it, or nil if it is unknown.
// reused reports whether it was used before. An error of refuse leaves the code as it is.
func (s *STS) useCode(value string, t tokenRequest) (c *authorizationCode, reused bool, e *entraError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, known := s.codes[value]
	if !known {
		return nil, false, nil
	}
	if e := c.refuse(t); e != nil && !c.used {
		return c, false, e
	}
	reused, c.used = c.used, true
	return c, reused, nil
}

// refuse returns an error if the request does not have the form of one that can redeem the
// code. The client can correct it and use the code then.
func (c *authorizationCode) refuse(t tokenRequest) *entraError {
	if !c.picked && t.form.Get("redirect_uri") == "" {
		return newError(aadstsReplyAddressMissing)
	}
	return t.checkOrigin(c.spa)
}

// verify reports whether code_verifier matches the challenge (RFC 7636, 4.6). A verifier for
// a code without a challenge is a sign of a PKCE downgrade attack and does not match.
func (c *authorizationCode) verify(t tokenRequest) bool {
	if c.challenge == "" {
		return t.form.Get("code_verifier") == ""
	}
	computed := t.form.Get("code_verifier")
	if !c.plain {
		sum := sha256.Sum256([]byte(computed))
		computed = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(c.challenge), []byte(computed)) == 1
}

// sameRedirect reports whether a token request names the redirect URI of the authorization
// request. It may omit it if that request did (RFC 6749, 4.1.3).
func (c *authorizationCode) sameRedirect(uri string) bool {
	return uri == c.redirect || uri == "" && c.picked
}

// redeemedGrant returns the grant for the scope parameter of the token request, which declares
// the API that the client wants the token for. The scopes must belong to one API
// (learn.microsoft.com, "OAuth 2.0 authorization code flow", "Redeem a code for an access
// token"). Without the parameter, the token is for the API of the authorization request. If
// that named several, Entra rejects the request (microsoft-authentication-library-for-python#125
// and microsoft-authentication-library-for-android#652).
func (s *STS) redeemedGrant(authorized grant, t tokenRequest) (grant, *entraError) {
	scope := t.form.Get("scope")
	switch {
	case scope == "" && authorized.several:
		return grant{}, newError(aadstsRedeemedScopeEmpty)
	case scope == "":
		return s.resolveGranted(authorized.text, t.app)
	}
	g, e := s.resolveGranted(scope, t.app)
	if e != nil {
		return grant{}, e
	}
	if g.several {
		return grant{}, newError(aadstsTokenScopeResources, scope)
	}
	g.openID = g.openID || authorized.openID
	g.profile = g.profile || authorized.profile
	g.email = g.email || authorized.email
	g.offline = g.offline || authorized.offline
	return g, nil
}
