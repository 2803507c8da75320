// Package challenge reads and writes claims challenges. With a challenge, a
// protected API, or the identity provider through it, requires a stronger sign-in
// of its client.
//
// There are two formats. Entra acts on Microsoft's (401,
// error="insufficient_claims", claims as base64). RFC 9470's
// (error="insufficient_user_authentication", acr_values, max_age) has the same
// meaning for clients that know only the standard. Header writes both. Parse reads
// both and tolerates deviations, because many APIs do not follow either exactly.
package challenge

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Challenge is a claims challenge. The zero value requires a new interactive
// sign-in without particular claims.
type Challenge struct {
	// Claims is the claims request, a JSON object as defined by OpenID Connect Core
	// 5.5, for the claims parameter of an authorize request. It may be empty.
	Claims string
	// MaxAge is the maximum time since the sign-in, in whole seconds; 0 for no limit.
	// Only RFC 9470's format has it.
	MaxAge time.Duration
}

// ACRS returns the challenge for an authentication context such as "c1"
// (learn.microsoft.com, "Developer guide to Conditional Access authentication
// context").
func ACRS(context string) *Challenge {
	value, err := json.Marshal(context)
	if err != nil { // a string always marshals
		return &Challenge{}
	}
	return &Challenge{Claims: `{"access_token":{"acrs":{"essential":true,"value":` + string(value) + `}}}`}
}

// Issuer describes the API that sends a challenge.
type Issuer struct {
	AuthorizationURI string // the authorize endpoint of the tenant
	ClientID         string // the API's own client id
}

// Header adds the challenge to h in two WWW-Authenticate lines. Microsoft's comes
// first, in the exact syntax that azcore and MSAL.NET parse (learn.microsoft.com,
// "Claims challenges, claims requests, and client capabilities"): capital B, ", "
// between parameters, padded standard base64. RFC 9470's follows. The status of
// the response must be 401: azcore ignores any other.
func (c *Challenge) Header(h http.Header, by Issuer) {
	const description = "A stronger sign-in is required for this change"
	params := []string{
		param("realm", ""),
		param("authorization_uri", by.AuthorizationURI),
		param("client_id", by.ClientID),
		param("error", "insufficient_claims"),
		param("error_description", description),
	}
	if c.Claims != "" {
		params = append(params, param("claims", base64.StdEncoding.EncodeToString([]byte(c.Claims))))
	}
	h.Add("WWW-Authenticate", "Bearer "+strings.Join(params, ", "))

	standard := []string{
		param("error", "insufficient_user_authentication"),
		param("error_description", description),
	}
	if values := c.acrs(); len(values) > 0 {
		standard = append(standard, param("acr_values", strings.Join(values, " ")))
	}
	if c.MaxAge > 0 {
		standard = append(standard, param("max_age", strconv.Itoa(int(c.MaxAge.Seconds()))))
	}
	h.Add("WWW-Authenticate", "Bearer "+strings.Join(standard, ", "))
}

// param formats an auth-param. It removes quotes and backslashes from the value,
// which would break azcore's parser, and control characters.
func param(name, value string) string {
	cleaned := strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, value)
	return name + `="` + cleaned + `"`
}

// acrs returns the authentication contexts that the claims request.
func (c *Challenge) acrs() []string {
	var request struct {
		AccessToken struct {
			ACRS struct {
				Value  string   `json:"value"`
				Values []string `json:"values"`
			} `json:"acrs"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(c.Claims), &request) != nil {
		return nil
	}
	acrs := request.AccessToken.ACRS
	if acrs.Value != "" {
		return append([]string{acrs.Value}, acrs.Values...)
	}
	return acrs.Values
}
