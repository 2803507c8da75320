// Package challenge reads and writes claims challenges: the demand for a
// stronger sign-in that a protected API, or the identity provider through it,
// sends back to a client.
//
// Two dialects are spoken. Microsoft's (401, error="insufficient_claims",
// claims as base64) is the one Entra acts on; RFC 9470's
// (error="insufficient_user_authentication", acr_values, max_age) says the
// same to clients that know only the standard. Header writes both, Parse reads
// both and is liberal, because not every API in the field writes it well.
package challenge

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Challenge is the demand. The zero value demands a fresh interactive sign-in
// and no particular claims.
type Challenge struct {
	// Claims is the claims request, a JSON object as OpenID Connect Core 5.5
	// defines it, ready for the claims parameter of an authorize request. It is
	// empty where the demand named none.
	Claims string
	// MaxAge is how long ago the sign-in may have been at most, in whole seconds;
	// zero where the demand named none. Only RFC 9470's dialect can say it.
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

// Issuer is what a Header needs to know about the API that challenges.
type Issuer struct {
	AuthorizationURI string // the authorize endpoint of the tenant
	ClientID         string // the API's own client id
}

// Header adds the challenge to h, as two WWW-Authenticate lines: Microsoft's
// first, in the exact grammar that azcore and MSAL.NET parse (entra: claims
// challenge page: capital B, ", " between parameters, padded standard base64),
// then RFC 9470's. The answer's status must be 401: azcore ignores any other.
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

// param formats one auth-param. A quote or a backslash inside a value would
// break azcore's parser, so neither is ever sent.
func param(name, value string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, value)
	return name + `="` + clean + `"`
}

// acrs returns the authentication contexts that the claims ask for.
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
