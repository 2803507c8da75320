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

// AuthTime is the only optional claim of access tokens that this tenant supports
// (learn.microsoft.com, "Optional claims reference").
const AuthTime = "auth_time"

// issuance describes the tokens to issue in one token response.
type issuance struct {
	app        directory.App // the client
	azpacr     string
	grant      grant
	auth       authentication
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
	if i.auth.At.Before(user.NotBefore) {
		return response, newError(aadstsGrantRevoked)
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

// accessToken returns an access token: a v2.0 token, or what Microsoft Graph gets. As a v2.0
// token has no amr claim, only acrs and the opaque aio show that the user completed a second
// factor.
func (s *STS) accessToken(
	r *http.Request,
	i issuance,
	user directory.User,
	life time.Duration,
) (string, error) {
	ours := s.tenant()
	aio, err := token.Seal(ours.sealKey, i.auth)
	if err != nil {
		return "", err
	}
	claims := s.baseClaims(r, i.grant.resource, life)
	claims["azp"], claims["azpacr"] = i.app.ID, i.azpacr
	claims["scp"] = strings.Join(i.grant.scopes, " ")
	claims["oid"] = user.ID
	claims["sub"] = token.Pairwise(ours.sealKey, user.ID, i.grant.resource)
	claims["name"], claims["preferred_username"] = displayName(user), user.Email
	claims["aio"] = aio
	if api, ok := s.findApp(i.grant.resource); ok && slices.Contains(api.OptionalClaims, AuthTime) {
		claims[AuthTime] = i.auth.At.Unix()
	}
	if len(i.auth.Contexts) > 0 && i.auth.MFA {
		claims["acrs"] = i.auth.Contexts
	}
	if i.grant.resource == GraphID {
		s.toGraph(claims, i, user)
		return s.Signer.SignOpaque(ours.keys, claims)
	}
	return s.Signer.Sign(ours.keys, claims)
}

func (s *STS) idToken(r *http.Request, i issuance, user directory.User) (string, error) {
	ours := s.tenant()
	claims := s.baseClaims(r, i.app.ID, idTokenLife)
	claims["oid"] = user.ID
	claims["sub"] = token.Pairwise(ours.sealKey, user.ID, i.app.ID)
	if i.grant.profile {
		claims["name"], claims["preferred_username"] = displayName(user), user.Email
	}
	if i.grant.email {
		claims["email"] = user.Email
	}
	if i.nonce != "" {
		claims["nonce"] = i.nonce
	}
	return s.Signer.Sign(ours.keys, claims)
}

// baseClaims returns the claims that all tokens have in common.
func (s *STS) baseClaims(r *http.Request, audience string, life time.Duration) map[string]any {
	now := s.Now()
	return map[string]any{
		"aud": audience,
		"iss": s.origins(r).issuer,
		"ver": "2.0",
		"tid": s.tenant().id,
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(life).Unix(),
		"uti": rand.Text(),
		"rh":  "1." + rand.Text(),
	}
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
