package sandbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

const (
	verifier  = "a-verifier-of-at-least-forty-three-characters-0123"
	redirect  = "http://localhost:49152"
	readScope = "openid profile offline_access User.Read"
	graphEdit = "https://graph.microsoft.com/User.ReadWrite"
	grantOBO  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// client is a minimal public client with its user. It shares no code with the
// product.
type client struct {
	t      *testing.T
	tenant *sandbox.Tenant
	facts  sandbox.Facts
	user   robot.User

	response url.Values     // the last authorization response, nil if there was none
	browser  *robot.Browser // the browser of the last sign-in
}

func newClient(t *testing.T, config sandbox.Config) *client {
	t.Helper()
	config.QuickPasswords = true
	tenant, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	facts := tenant.Facts()
	return &client{
		t:      t,
		tenant: tenant,
		facts:  facts,
		user: robot.User{
			Email:    facts.User,
			Password: facts.Password,
			Name:     "New",
			Code:     func(context.Context) (string, error) { return tenant.Mail("")[0].Code, nil },
		},
	}
}

// RoundTrip sends the requests of a browser to the tenant, and receives those to
// the redirect URI.
func (c *client) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Hostname() != "localhost" {
		return c.tenant.Client().Transport.RoundTrip(req)
	}
	raw := req.URL.RawQuery + req.URL.EscapedFragment() // one of them, or neither
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		raw += string(body)
	}
	var err error
	if c.response, err = url.ParseQuery(raw); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader("done")),
		Request:    req,
	}, nil
}

// authorizeURL returns the address of an authorization request. The pairs are
// names and values of further parameters; an empty value removes the parameter.
func (c *client) authorizeURL(scope string, pairs ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id":             {c.facts.ClientID},
		"redirect_uri":          {redirect},
		"response_type":         {"code"},
		"response_mode":         {"form_post"},
		"scope":                 {scope},
		"state":                 {"s"},
		"nonce":                 {"n"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return c.facts.Authority + "/oauth2/v2.0/authorize?" + q.Encode()
}

// newBrowser gives the user a browser without cookies.
func (c *client) newBrowser() {
	c.t.Helper()
	var err error
	if c.browser, err = robot.New(c.user, c); err != nil {
		c.t.Fatal(err)
	}
	c.response = nil
}

// signIn sends an authorization request with a new browser and returns the last
// page.
func (c *client) signIn(scope string, pairs ...string) robot.Page {
	c.t.Helper()
	c.newBrowser()
	page, err := c.browser.Open(c.t.Context(), c.authorizeURL(scope, pairs...))
	if err != nil {
		c.t.Fatal(err)
	}
	return page
}

// signInFails expects that the user cannot complete the sign-in.
func (c *client) signInFails(scope string) {
	c.t.Helper()
	c.newBrowser()
	if _, err := c.browser.Open(c.t.Context(), c.authorizeURL(scope)); err == nil {
		c.t.Error("the sign-in succeeded")
	}
}

// code returns the authorization code of the last response, or "".
func (c *client) code() string { return c.response.Get("code") }

// result is a response of the token endpoint.
type result struct {
	Status       int      `json:"-"`
	Error        string   `json:"error"`
	Codes        []int    `json:"error_codes"`
	Suberror     string   `json:"suberror"`
	Claims       string   `json:"claims"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	IDToken      string   `json:"id_token"`
	Scope        string   `json:"scope"`
	Members      []string `json:"-"` // names of the JSON members
}

// token sends a request to the token endpoint. The pairs are names and values of
// its parameters.
func (c *client) token(pairs ...string) result {
	c.t.Helper()
	form := url.Values{"client_id": {c.facts.ClientID}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	res, err := c.tenant.Client().PostForm(c.facts.Authority+"/oauth2/v2.0/token", form)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read(res)
}

func (c *client) read(res *http.Response) result {
	c.t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := result{Status: res.StatusCode}
	var members map[string]any
	if json.Unmarshal(raw, &members) == nil {
		for name := range members {
			r.Members = append(r.Members, name)
		}
		slices.Sort(r.Members)
		_ = json.Unmarshal(raw, &r)
	}
	return r
}

// redeem redeems an authorization code.
func (c *client) redeem(code string, pairs ...string) result {
	c.t.Helper()
	return c.token(append([]string{
		"grant_type", "authorization_code",
		"code", code,
		"redirect_uri", redirect,
		"code_verifier", verifier,
	}, pairs...)...)
}

// tokens signs the user in and redeems the code.
func (c *client) tokens(scope string) result {
	c.t.Helper()
	c.signIn(scope)
	return c.redeem(c.code())
}

// refresh redeems a refresh token, for readScope unless the pairs say otherwise.
func (c *client) refresh(token string, pairs ...string) result {
	c.t.Helper()
	return c.token(append([]string{
		"grant_type", "refresh_token",
		"refresh_token", token,
		"scope", readScope,
	}, pairs...)...)
}

// exchange exchanges an access token for one with which the mid-tier edits
// profiles at Graph.
func (c *client) exchange(assertion string, pairs ...string) result {
	c.t.Helper()
	return c.token(append([]string{
		"grant_type", grantOBO,
		"client_id", c.facts.MidTierID,
		"client_secret", c.facts.MidTierSecret,
		"requested_token_use", "on_behalf_of",
		"scope", graphEdit,
		"assertion", assertion,
	}, pairs...)...)
}

// wantError checks that a response is an AADSTS error.
func (c *client) wantError(r result, status, code int) {
	c.t.Helper()
	if r.Status != status || !slices.Contains(r.Codes, code) {
		c.t.Errorf("got %d %s %v, want %d AADSTS%d", r.Status, r.Error, r.Codes, status, code)
	}
}
