package sts

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const (
	maxForm     = 128 << 10
	grantOBO    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice = "urn:ietf:params:oauth:grant-type:device_code"
)

// code is an authorization code's other half.
type code struct {
	client, redirect, challenge, nonce string
	grant                              grant
	facts                              Facts
	expires                            time.Time
	used                               bool
}

// tokenRequest is one request to the token endpoint, its client known.
type tokenRequest struct {
	app    directory.App
	azpacr string
	form   url.Values
	claims demands
}

func (t tokenRequest) issuance(g grant, f Facts) issuance {
	return issuance{app: t.app, grant: g, facts: f, azpacr: t.azpacr, info: t.form.Get("client_info") == "1"}
}

// token is the token endpoint.
func (s *STS) token(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.fail(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	t, f := s.readTokenRequest(w, r)
	if f != nil {
		s.fail(w, r, f)
		return
	}
	var i issuance
	switch kind := t.form.Get("grant_type"); kind {
	case "authorization_code":
		i, f = s.byCode(t)
	case "refresh_token":
		i, f = s.byRefresh(t)
	case grantOBO:
		i, f = s.onBehalfOf(t)
	case "device_code", grantDevice: // MSAL sends the short form
		i, f = s.byDevice(t)
	case "client_credentials":
		s.appOnly(w, r, t)
		return
	case "":
		f = no(900144, "grant_type")
	default:
		f = no(70003, kind)
	}
	if f != nil {
		s.fail(w, r, f)
		return
	}
	s.issue(w, r, i)
}

func (s *STS) readTokenRequest(w http.ResponseWriter, r *http.Request) (tokenRequest, *refusal) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return tokenRequest{}, no(900144, "grant_type")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return tokenRequest{}, no(9002)
	}
	for _, values := range r.PostForm {
		if len(values) > 1 { // RFC 6749, 3.2: parameters must not be repeated
			return tokenRequest{}, no(9002)
		}
	}
	t := tokenRequest{form: r.PostForm}
	var f *refusal
	if t.app, t.azpacr, f = s.client(r); f != nil {
		return tokenRequest{}, f
	}
	t.claims, f = readClaims(t.form.Get("claims"))
	return t, f
}

// byCode redeems an authorization code: once, for the client, the redirect URI
// and the verifier it was made for. A second use revokes what came of the first
// (RFC 6749, 4.1.2).
func (s *STS) byCode(t tokenRequest) (issuance, *refusal) {
	s.mu.Lock()
	c, known := s.codes[t.form.Get("code")]
	reused := known && c.used
	if known {
		c.used = true
	}
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(t.form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	switch {
	case !known:
		return issuance{}, no(70000)
	case reused:
		s.revoke(c.facts.Family)
		return issuance{}, no(54005)
	case !strings.EqualFold(c.client, t.app.ID):
		return issuance{}, no(700005)
	case c.redirect != t.form.Get("redirect_uri"):
		return issuance{}, no(50011)
	case s.Now().After(c.expires):
		return issuance{}, no(70008)
	case c.challenge != "" && subtle.ConstantTimeCompare([]byte(c.challenge), []byte(challenge)) != 1:
		return issuance{}, no(501481)
	case c.challenge == "" && t.form.Has("code_verifier"): // a downgrade
		return issuance{}, no(501481)
	}
	g := c.grant
	if asked := t.form.Get("scope"); asked != "" {
		again, f := s.resolve(asked, t.app)
		if f != nil {
			return issuance{}, f
		}
		if again.Resource != g.Resource {
			return issuance{}, no(28000)
		}
		again.OpenID, again.Offline = again.OpenID || g.OpenID, again.Offline || g.Offline
		again.Profile, again.Email = again.Profile || g.Profile, again.Email || g.Email
		g = again
	}
	i := t.issuance(g, c.facts)
	i.nonce = c.nonce
	return i, nil
}

// byRefresh redeems a refresh token, for any API that the client has consent
// for; the policy of that API is what stands in the way.
func (s *STS) byRefresh(t tokenRequest) (issuance, *refusal) {
	var key []byte
	s.Directory.View(func(d *directory.State) { key = d.SealKey })
	var old refreshToken
	sealed, _ := strings.CutPrefix(t.form.Get("refresh_token"), "1.")
	if token.Open(key, sealed, &old) != nil {
		return issuance{}, no(70000)
	}
	var family directory.Family
	s.Directory.View(func(d *directory.State) { family = d.Families[old.Facts.Family] })
	switch {
	case !strings.EqualFold(old.Client, t.app.ID):
		return issuance{}, no(700005)
	case family.Revoked:
		return issuance{}, no(50173)
	case s.Now().After(old.Expires):
		return issuance{}, no(70008)
	case s.Strict && old.Generation != family.Generation:
		s.revoke(old.Facts.Family)
		return issuance{}, no(70000)
	}
	g, f := s.resolve(t.form.Get("scope"), t.app)
	if f != nil {
		return issuance{}, f
	}
	if s.needsMFA(g.Resource, t.claims, old.Facts) {
		return issuance{}, s.mfaRefusal(g.Resource, t.claims)
	}
	g.Offline = true
	return t.issuance(g, old.Facts), nil
}

// onBehalfOf exchanges a user's access token for the app, the assertion, for
// one to another API (learn.microsoft.com, OAuth 2.0 On-Behalf-Of flow).
func (s *STS) onBehalfOf(t tokenRequest) (issuance, *refusal) {
	switch {
	case t.app.Public:
		return issuance{}, no(7000114, t.app.ID)
	case t.form.Get("requested_token_use") != "on_behalf_of":
		return issuance{}, no(900144, "requested_token_use")
	case t.form.Get("assertion") == "":
		return issuance{}, no(900144, "assertion")
	}
	var keys []directory.Key
	var sealKey []byte
	s.Directory.View(func(d *directory.State) { keys, sealKey = d.Keys, d.SealKey })
	claims, err := s.Signer.Verify(keys, t.form.Get("assertion"), s.Now())
	if errors.Is(err, token.ErrExpired) {
		return issuance{}, no(500133)
	}
	if err != nil {
		return issuance{}, no(50013)
	}
	if audience, _ := claims["aud"].(string); !strings.EqualFold(audience, t.app.ID) {
		return issuance{}, no(500131)
	}
	var facts Facts
	aio, _ := claims["aio"].(string)
	if scp, _ := claims["scp"].(string); scp == "" || token.Open(sealKey, aio, &facts) != nil {
		return issuance{}, no(5000224)
	}
	if s.revoked(facts.Family) {
		return issuance{}, no(50173)
	}
	g, f := s.resolve(t.form.Get("scope"), t.app)
	if f != nil {
		return issuance{}, f
	}
	// The policy guards the mid-tier, so its own token must have met it: one
	// issued before the policy was switched on has not.
	if s.needsMFA(t.app.ID, t.claims, facts) || s.needsMFA(g.Resource, t.claims, facts) {
		return issuance{}, s.mfaRefusal(t.app.ID, t.claims)
	}
	g.OpenID = false
	return t.issuance(g, facts), nil
}

// loopback tells a redirect URI of the kind whose port does not count.
func loopback(uri string) (*url.URL, bool) {
	u, err := url.Parse(uri)
	return u, err == nil && u.Scheme == "http" && u.Hostname() == "localhost" && u.User == nil && u.Fragment == ""
}

// registered tells whether an app may be answered at a redirect URI: exactly
// as registered, but for the port of http://localhost (learn.microsoft.com,
// "Redirect URI (reply URL) best practices and limitations").
func registered(app directory.App, uri string) bool {
	asked, local := loopback(uri)
	return slices.ContainsFunc(app.RedirectURIs, func(known string) bool {
		if known == uri {
			return true
		}
		registered, knownLocal := loopback(known)
		return local && knownLocal && app.Public &&
			strings.TrimSuffix(registered.Path, "/") == strings.TrimSuffix(asked.Path, "/") && registered.RawQuery == asked.RawQuery
	})
}
