package sts

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const idTokenLife = time.Hour

// issuance describes the tokens to issue in one token response.
type issuance struct {
	app        directory.App // the client
	azpacr     string
	grant      grant
	auth       authentication
	claims     claimsRequest
	scope      string // scope parameter of the sign-in, for the refresh token
	nonce      string
	clientInfo bool // whether the client asked for client_info
	// refreshEnd is when the refresh token and its successors expire, if the client is a
	// single-page app; otherwise each has its own lifetime.
	refreshEnd time.Time
}

// tokenResponse is the successful response of the token endpoint.
type tokenResponse struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	ExtExpiresIn int    `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// issue sends the token response.
func (s *STS) issue(w http.ResponseWriter, r *http.Request, i issuance) {
	response, err := s.tokens(r, i)
	var e *entraError
	switch {
	case errors.As(err, &e):
		s.writeError(w, r, e)
	case err != nil:
		s.issueFailed(w, err)
	default:
		s.recordIssuance(r, i, response)
		writeJSON(w, http.StatusOK, response)
	}
}

func (s *STS) issueFailed(w http.ResponseWriter, err error) {
	s.Log.Error("issue tokens", "error", err)
	http.Error(w, "cannot issue tokens", http.StatusInternalServerError)
}

// tokens issues all tokens of a response. It returns an *entraError if the user no longer
// exists or the sign-in is no longer valid.
func (s *STS) tokens(r *http.Request, i issuance) (response tokenResponse, err error) {
	user, ok := s.findUser(i.auth.UserID)
	audit.From(r.Context()).User(user.Email)
	if !ok {
		return response, newError(aadstsUserNotFound)
	}
	if user.Revoked(i.auth.At, i.azpacr != azpacrPublic) {
		return response, newError(aadstsGrantRevoked).
			because("the sign-ins of the user were ended after this one, by a new password or a revocation")
	}
	life := randomLifetime()
	response.TokenType = "Bearer"
	response.Scope = strings.Join(i.grant.echo, " ")
	response.ExpiresIn, response.ExtExpiresIn = int(life.Seconds()), int(life.Seconds())
	if response.AccessToken, err = s.accessToken(r, i, user, life); err != nil {
		return response, err
	}
	if i.grant.openID {
		if response.IDToken, err = s.idToken(r, i, user); err != nil {
			return response, err
		}
	}
	if i.grant.offline {
		if response.RefreshToken, err = s.newRefreshToken(i); err != nil {
			return response, err
		}
	}
	if i.clientInfo {
		response.ClientInfo, err = clientInfo(user.ID, s.tenant().id)
	}
	return response, err
}

// accessToken returns an access token in the format that the API's registration requests. As
// a v2.0 token has no amr claim, only acrs and the opaque aio show that the user completed a
// second factor.
func (s *STS) accessToken(
	r *http.Request,
	i issuance,
	user directory.User,
	life time.Duration,
) (string, error) {
	ours, api := s.tenant(), i.grant.api
	aio, err := token.Seal(ours.sealKey, i.auth)
	if err != nil {
		return "", err
	}
	claims := s.apiClaims(r, i.grant, i.app, i.azpacr, life)
	who := s.subject(r, i, user)
	s.addUser(claims, who, api.ID)
	claims["scp"], claims["aio"] = strings.Join(i.grant.scopes, " "), aio
	for _, name := range api.OptionalClaims {
		who.addOptional(claims, name)
	}
	s.addContexts(claims, i.claims.Contexts, api.OptionalClaims, i.auth)
	capable := len(i.claims.Capabilities) > 0
	if capable && (api.ID == GraphID || slices.Contains(api.OptionalClaims, "xms_cc")) {
		claims["xms_cc"] = i.claims.Capabilities
	}
	if api.ID == GraphID {
		s.addGraph(claims, i, user)
		return s.Signer.SignOpaque(ours.keys, claims)
	}
	return s.Signer.Sign(ours.keys, claims)
}

// idToken returns an ID token (learn.microsoft.com, "ID token claims reference").
func (s *STS) idToken(r *http.Request, i issuance, user directory.User) (string, error) {
	claims := s.baseClaims(idTokenLife)
	claims["ver"], claims["iss"], claims["aud"] = "2.0", s.origins(r).issuer, i.app.ID
	claims["aio"] = rand.Text()
	who := s.subject(r, i, user)
	s.addUser(claims, who, i.app.ID)
	who.addOptional(claims, "sid")
	if i.grant.email {
		who.addOptional(claims, "email")
	}
	for _, name := range i.app.IDTokenClaims {
		who.addOptional(claims, name)
	}
	s.addContexts(claims, i.claims.IDContexts, i.app.IDTokenClaims, i.auth)
	if i.nonce != "" {
		claims["nonce"] = i.nonce
	}
	return s.Signer.Sign(s.tenant().keys, claims)
}

// clientInfo returns the client_info parameter, from which MSAL derives the account's ID.
// MSAL Go rejects padding.
func clientInfo(userID, tenantID string) (string, error) {
	raw, err := json.Marshal(map[string]string{"uid": userID, "utid": tenantID})
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// randomLifetime returns the lifetime of an access token: 60 to 90 minutes, as in Entra's
// default policy.
func randomLifetime() time.Duration {
	const low, spread = 60 * 60, 30*60 + 1 // seconds
	n, err := rand.Int(rand.Reader, big.NewInt(spread))
	if err != nil { // crypto/rand never fails
		n = big.NewInt(0)
	}
	return time.Duration(low+n.Int64()) * time.Second
}

func displayName(u directory.User) string {
	if name := u.Profile["displayName"]; name != nil {
		return *name
	}
	return "unknown"
}
