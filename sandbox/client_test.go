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
	verifier = "a-verifier-of-at-least-forty-three-characters-0123"
	redirect = "http://localhost:49152"
)

// client is a public client as small as one can be: it shares nothing with the
// product's.
type client struct {
	t      *testing.T
	tenant *sandbox.Tenant
	facts  sandbox.Facts
	user   robot.User
	got    url.Values // the last answer at the redirect URI

	browser *robot.Browser // the last one
}

func newClient(t *testing.T, config sandbox.Config) *client {
	t.Helper()
	config.QuickPasswords = true
	tenant, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	f := tenant.Facts()
	c := &client{t: t, tenant: tenant, facts: f}
	c.user = robot.User{Email: f.User, Password: f.Password, Name: "New", Code: func(context.Context) (string, error) {
		return tenant.Mail("")[0].Code, nil
	}}
	return c
}

// RoundTrip is the browser's network: the tenant, and the client's redirect URI.
func (c *client) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Hostname() != "localhost" {
		return c.tenant.Client().Transport.RoundTrip(req)
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if c.got, err = url.ParseQuery(string(raw)); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("done")), Request: req}, nil
}

func (c *client) authorizeURL(scope string, more ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {c.facts.ClientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "response_mode": {"form_post"}, "scope": {scope},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		if q.Set(more[i], more[i+1]); more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return c.facts.Authority + "/oauth2/v2.0/authorize?" + q.Encode()
}

// signIn opens the authorize page in a fresh browser.
func (c *client) signIn(scope string, more ...string) robot.Page {
	c.t.Helper()
	c.got = nil
	browser, err := robot.New(c.user, c)
	if err != nil {
		c.t.Fatal(err)
	}
	page, err := browser.Open(c.t.Context(), c.authorizeURL(scope, more...))
	if err != nil {
		c.t.Fatal(err)
	}
	return page
}

// signInFails is signIn for a person who cannot go on.
func (c *client) signInFails(scope string) {
	c.t.Helper()
	var err error
	if c.browser, err = robot.New(c.user, c); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.browser.Open(c.t.Context(), c.authorizeURL(scope)); err == nil {
		c.t.Error("the sign-in went through")
	}
}

// answer is any JSON that the tenant answers with.
type answer struct {
	Status  int
	Error   string   `json:"error"`
	Codes   []int    `json:"error_codes"`
	Sub     string   `json:"suberror"`
	Claims  string   `json:"claims"`
	Access  string   `json:"access_token"`
	Refresh string   `json:"refresh_token"`
	ID      string   `json:"id_token"`
	Scope   string   `json:"scope"`
	Members []string `json:"-"`
}

func (c *client) token(pairs ...string) answer {
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

func (c *client) read(res *http.Response) answer {
	c.t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{Status: res.StatusCode}
	var members map[string]any
	if json.Unmarshal(raw, &members) == nil {
		for name := range members {
			a.Members = append(a.Members, name)
		}
		slices.Sort(a.Members)
		_ = json.Unmarshal(raw, &a)
	}
	return a
}

func (c *client) redeem(code string, more ...string) answer {
	c.t.Helper()
	return c.token(append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", redirect, "code_verifier", verifier}, more...)...)
}

// refuses wants an AADSTS error.
func (c *client) refuses(a answer, status, code int) {
	c.t.Helper()
	if a.Status != status || !slices.Contains(a.Codes, code) {
		c.t.Errorf("got %d %s %v, want %d AADSTS%d", a.Status, a.Error, a.Codes, status, code)
	}
}

const basic = "openid profile offline_access User.Read"
