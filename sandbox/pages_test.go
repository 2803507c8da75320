package sandbox_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

// open sends one request of a browser with its cookies and returns the response
// and the page. It does not follow redirects.
func (c *client) open(
	jar http.CookieJar,
	method, address string,
	form url.Values,
	headers ...string,
) (*http.Response, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	browser := *c.tenant.Client()
	browser.Jar = jar
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := browser.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res, string(raw)
}

// post submits a form of the sign-in pages.
func (c *client) post(
	jar http.CookieJar,
	path string,
	form url.Values,
	headers ...string,
) (*http.Response, string) {
	c.t.Helper()
	address := strings.TrimSuffix(c.facts.Pages, "/") + "/sign-in/" + path
	return c.open(jar, http.MethodPost, address, form, headers...)
}

// passwordForm returns the form with which the user signs in.
func (c *client) passwordForm(page string) url.Values {
	return url.Values{"tx": {tx(page)}, "email": {c.facts.User}, "password": {c.facts.Password}}
}

// tx returns the transaction that the forms of a page name.
func tx(page string) string {
	_, rest, _ := strings.Cut(page, `name="tx" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

// An attacker who can set a cookie before the sign-in must not share the session
// afterwards.
func TestSessionIgnoresPlantedCookies(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	home, err := url.Parse(c.facts.Pages)
	if err != nil {
		t.Fatal(err)
	}
	planted := []*http.Cookie{{Name: "sbx_session", Value: "planted", Path: "/"}}
	jar := newJar(t)
	jar.SetCookies(home, planted)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
	c.post(jar, "password", c.passwordForm(page))
	for _, cookie := range jar.Cookies(home) {
		if cookie.Value == "planted" {
			t.Error("the sign-in continued the planted session")
		}
	}
	attacker := newJar(t)
	attacker.SetCookies(home, planted)
	res, page := c.open(attacker, http.MethodGet, c.authorizeURL(readScope, "prompt", "none"), nil)
	if !strings.Contains(page, "login_required") {
		t.Errorf("the attacker is signed in: %d", res.StatusCode)
	}
}

// TestStepOutOfTurnIsRejected submits the forms of later steps first.
func TestStepOutOfTurnIsRejected(t *testing.T) {
	for _, path := range []string{"code", "new-password", "resend", "account"} {
		c := newClient(t, sandbox.Config{})
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
		_, page = c.post(jar, path, url.Values{
			"tx":       {tx(page)},
			"code":     {""},
			"password": {"A new password"},
			"account":  {c.facts.User},
		})
		if strings.Contains(page, `id="form-post"`) || c.response != nil {
			t.Errorf("%s: signed in without a password", path)
		}
	}
}

func TestTransactionIsBoundToItsBrowser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, page := c.open(newJar(t), http.MethodGet, c.authorizeURL(readScope), nil)
	res, _ := c.post(newJar(t), "password", c.passwordForm(page))
	if res.StatusCode != 400 || len(res.Cookies()) != 0 {
		t.Errorf("in another browser: got %d", res.StatusCode)
	}
}

func TestFormsOfOtherSitesAreRejected(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
	res, _ := c.post(jar, "password", c.passwordForm(page),
		"Sec-Fetch-Site", "cross-site",
		"Origin", "https://evil.example",
	)
	if res.StatusCode != 403 {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestPagesHaveSecurityHeaders(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	res, _ := c.open(newJar(t), http.MethodGet, c.authorizeURL(readScope), nil)
	for name, want := range map[string]string{
		"X-Frame-Options": "DENY",
		"Cache-Control":   "no-store",
		"Referrer-Policy": "same-origin",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestPagesEscapeTheirInput(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const hostile = `"><script>alert(1)</script>`
	for _, pairs := range [][]string{
		{"login_hint", hostile},
		{"client_id", hostile},
	} {
		_, page := c.open(newJar(t), http.MethodGet, c.authorizeURL(readScope, pairs...), nil)
		if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert") {
			t.Errorf("%s: got %s", pairs, page)
		}
	}
}

func TestPageExpires(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
	c.tenant.FastForward(31 * time.Minute)
	if res, _ := c.post(jar, "password", c.passwordForm(page)); res.StatusCode != 400 {
		t.Errorf("after 31 minutes: got %d", res.StatusCode)
	}
}
