package sts

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	maxForm     = 128 << 10 // bytes
	grantOBO    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice = "urn:ietf:params:oauth:grant-type:device_code"
)

// tokenRequest is a request of an authenticated client to the token endpoint.
type tokenRequest struct {
	app    directory.App
	azpacr string // how the client authenticated
	origin string // Origin header, which browsers send with the requests of scripts
	form   url.Values
	claims claimsRequest
	record *audit.Record // of this request
}

// issuance returns the tokens to issue in response to the request.
func (t tokenRequest) issuance(g grant, auth authentication) issuance {
	return issuance{
		app:        t.app,
		azpacr:     t.azpacr,
		grant:      g,
		auth:       auth,
		claims:     t.claims,
		scope:      g.text,
		clientInfo: t.form.Get("client_info") == "1",
	}
}

// token is the token endpoint.
func (s *STS) token(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.writeError(w, r, e)
		return
	}
	t, e := s.readTokenRequest(w, r)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	grantType := t.form.Get("grant_type")
	if grantType != "authorization_code" && grantType != "refresh_token" {
		if e := t.checkOrigin(false); e != nil {
			s.writeError(w, r, e)
			return
		}
	}
	if grantType == "client_credentials" {
		s.appOnly(w, r, t)
		return
	}
	i, e := s.redeem(t)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	s.issue(w, r, i)
}

// redeem validates the grant of the request and returns the tokens to issue for it.
func (s *STS) redeem(t tokenRequest) (issuance, *entraError) {
	switch grantType := t.form.Get("grant_type"); grantType {
	case "authorization_code":
		return t.with("code", s.redeemCode)
	case "refresh_token":
		return t.with("refresh_token", s.redeemRefreshToken)
	case grantOBO:
		return s.onBehalfOf(t)
	case "device_code", grantDevice: // MSAL sends the short form
		if t.form.Has("code") { // MSAL's parameter for it
			return s.redeemDeviceCode(t, t.form.Get("code"))
		}
		return t.with("device_code", s.redeemDeviceCode)
	case "":
		return issuance{}, newError(aadstsParameterMissing, "grant_type")
	default:
		return issuance{}, newError(aadstsGrantTypeUnsupported, grantType)
	}
}

// with calls redeem with the value of a parameter, and returns an error if it is missing.
func (t tokenRequest) with(
	name string,
	redeem func(t tokenRequest, value string) (issuance, *entraError),
) (issuance, *entraError) {
	value := t.form.Get(name)
	if value == "" {
		return issuance{}, newError(aadstsParameterMissing, name)
	}
	return redeem(t, value)
}

// readTokenRequest parses a request to the token endpoint and authenticates its client.
func (s *STS) readTokenRequest(w http.ResponseWriter, r *http.Request) (tokenRequest, *entraError) {
	t, e := s.readForm(w, r)
	if e != nil {
		return tokenRequest{}, e
	}
	if t.app, t.azpacr, e = s.client(r); e != nil {
		return tokenRequest{}, e
	}
	if t.form.Has("resource") { // of the v1.0 endpoint
		return tokenRequest{}, newError(aadstsResourceUnsupported)
	}
	t.claims, e = readClaims(t.form.Get("claims"))
	return t, e
}

// readForm parses the form of a request to the token or device code endpoint.
func (s *STS) readForm(w http.ResponseWriter, r *http.Request) (tokenRequest, *entraError) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return tokenRequest{}, newError(aadstsParameterMissing, "grant_type")
	}
	if e := parseForm(w, r); e != nil {
		return tokenRequest{}, e
	}
	if e := checkRepeated(r.PostForm); e != nil {
		return tokenRequest{}, e
	}
	record := audit.From(r.Context())
	record.Grant(r.PostForm.Get("grant_type"))
	record.Scopes(strings.Fields(r.PostForm.Get("scope"))...)
	return tokenRequest{form: r.PostForm, origin: r.Header.Get("Origin"), record: record}, nil
}

// readForm parses the parameters of a request to a page of the protocol, in its address or its
// body, and rejects repeated ones.
func readForm(w http.ResponseWriter, r *http.Request) *entraError {
	if e := parseForm(w, r); e != nil {
		return e
	}
	return checkRepeated(r.Form)
}

// parseForm parses the form of a request with a limited body.
func parseForm(w http.ResponseWriter, r *http.Request) *entraError {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return newError(aadstsMalformedRequest)
	}
	return nil
}

// checkRepeated returns an error if a parameter occurs twice, which OAuth forbids (RFC 6749,
// 3.1 and 3.2).
func checkRepeated(form url.Values) *entraError {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if len(form[name]) > 1 {
			return newError(aadstsParameterRepeated, name)
		}
	}
	return nil
}
