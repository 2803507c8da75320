package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// open loads a page of the tenant with a browser's cookies.
func (c *client) open(jar http.CookieJar, method, address string, form url.Values, header map[string]string) (*http.Response, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		req.Header.Set(name, value)
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

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

// tx is the transaction that a page's forms belong to.
func tx(page string) string {
	_, rest, _ := strings.Cut(page, `name="tx" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestAPlantedSessionIsWorthNothing: whoever can set a cookie before the sign-in
// does not share it afterwards.
func TestAPlantedSessionIsWorthNothing(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	home, err := url.Parse(c.facts.Pages)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(home, []*http.Cookie{{Name: "sbx_session", Value: "planted", Path: "/"}})
	_, page := c.open(jar, http.MethodGet, c.authorizeURL(basic), nil, nil)
	c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/password", url.Values{"tx": {tx(page)}, "email": {c.facts.User}, "password": {c.facts.Password}}, nil)
	for _, cookie := range jar.Cookies(home) {
		if cookie.Value == "planted" {
			t.Error("the planted session was taken over")
		}
	}
	thief := newJar(t)
	thief.SetCookies(home, []*http.Cookie{{Name: "sbx_session", Value: "planted", Path: "/"}})
	if res, page := c.open(thief, http.MethodGet, c.authorizeURL(basic, "prompt", "none"), nil, nil); !strings.Contains(page, "login_required") {
		t.Errorf("the thief is signed in: %d", res.StatusCode)
	}
}

// TestAStepOutOfTurnIsRefused posts the forms of later steps at once.
func TestAStepOutOfTurnIsRefused(t *testing.T) {
	for _, path := range []string{"code", "new-password", "resend", "account"} {
		c := newClient(t, sandbox.Config{})
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL(basic), nil, nil)
		_, after := c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/"+path, url.Values{"tx": {tx(page)}, "code": {""}, "password": {"a new password"}, "account": {c.facts.User}}, nil)
		if strings.Contains(after, `id="form-post"`) || c.got != nil {
			t.Errorf("%s: signed in with nothing", path)
		}
	}
}

func TestWhatComesBackIsEscaped(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const hostile = `"><script>alert(1)</script>`
	_, page := c.open(newJar(t), http.MethodGet, c.authorizeURL(basic, "prompt", "none", "state", hostile), nil, nil)
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert") {
		t.Errorf("the state came back as %s", page)
	}
	_, page = c.open(newJar(t), http.MethodGet, c.authorizeURL(basic, "login_hint", hostile), nil, nil)
	if strings.Contains(page, "<script>alert") {
		t.Errorf("the hint came back as %s", page)
	}
	_, page = c.open(newJar(t), http.MethodGet, c.authorizeURL(basic, "client_id", hostile), nil, nil)
	if strings.Contains(page, "<script>alert") {
		t.Errorf("the client came back as %s", page)
	}
}

func TestNothingLeadsElsewhere(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for name, path := range map[string]string{
		"after sign-out":           "/oauth2/v2.0/logout?post_logout_redirect_uri=" + url.QueryEscape("https://evil.example"),
		"after sign-out, relative": "/oauth2/v2.0/logout?post_logout_redirect_uri=" + url.QueryEscape("//evil.example"),
		"a look-alike of loopback": "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID + "&redirect_uri=" + url.QueryEscape("http://localhost.evil.example"),
		"loopback as a user name":  "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID + "&redirect_uri=" + url.QueryEscape("http://localhost@evil.example"),
		"a script":                 "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID + "&redirect_uri=" + url.QueryEscape("javascript:alert(1)"),
		"a fragment":               "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID + "&redirect_uri=" + url.QueryEscape("http://localhost:1#x"),
		"two redirect URIs":        "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID + "&redirect_uri=http://localhost&redirect_uri=https://evil.example",
	} {
		res, page := c.open(newJar(t), http.MethodGet, c.facts.Authority+path, nil, nil)
		if res.Header.Get("Location") != "" || res.StatusCode != 400 || strings.Contains(page, `href="`+"https://evil") {
			t.Errorf("%s: %d to %q", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestEverythingExpires(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	first := c.redeem(c.got.Get("code"))
	c.tenant.FastForward(91 * 24 * time.Hour)
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", first.Refresh, "scope", basic), 400, 70008)

	jar := newJar(t)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL(basic), nil, nil)
	c.tenant.FastForward(31 * time.Minute)
	if res, _ := c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/password", url.Values{"tx": {tx(page)}, "email": {c.facts.User}, "password": {c.facts.Password}}, nil); res.StatusCode != 400 {
		t.Errorf("a page left open for half an hour: got %d", res.StatusCode)
	}

	device := c.device()
	c.tenant.FastForward(16 * time.Minute)
	c.refuses(c.token("grant_type", "device_code", "device_code", device), 400, 70019)

	right := c.user.Code
	c.user.Code = nil
	c.signInFails("openid " + c.facts.EditScope)
	c.user.Code = right
	mailed := c.tenant.Mail(c.facts.User)[0].Code
	c.tenant.FastForward(11 * time.Minute)
	if _, err := c.browser.Open(t.Context(), c.authorizeURL("openid "+c.facts.EditScope)); err == nil {
		t.Error("the browser went on without a mail box")
	}
	if fresh := c.tenant.Mail(c.facts.User)[0].Code; fresh == mailed {
		t.Error("an old one-time code was mailed again")
	}
}

// device starts a device's sign-in.
func (c *client) device() string {
	c.t.Helper()
	res, err := c.tenant.Client().PostForm(c.facts.Authority+"/oauth2/v2.0/devicecode", url.Values{"client_id": {c.facts.ClientID}, "scope": {basic}})
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var d struct {
		Device string `json:"device_code"`
	}
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil || d.Device == "" {
		c.t.Fatal(err)
	}
	return d.Device
}

func TestAnAccountRestsAfterFiveWrongPasswords(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.WrongPasswords = []string{"1", "2", "3", "4", "5"}
	browser, err := robot.New(c.user, c)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := browser.Open(t.Context(), c.authorizeURL(basic)); err == nil && c.got != nil {
		t.Errorf("the sixth try was let in: %s", page.Text)
	}
	c.user.WrongPasswords = nil
	c.user.Forgot, c.user.Password = true, "a brand new password"
	if c.signIn(basic); c.got.Get("code") == "" {
		t.Errorf("a new password does not unlock: %v", c.got)
	}
}

func TestPromptsAndTheAccountPicker(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.AddUser("eve@contoso.example", "another password", "Eve"); err != nil {
		t.Fatal(err)
	}
	browser, err := robot.New(c.user, c)
	if err != nil {
		t.Fatal(err)
	}
	visit := func(more ...string) string {
		t.Helper()
		c.got, browser.Forms = nil, nil
		if _, err := browser.Open(t.Context(), c.authorizeURL(basic, more...)); err != nil {
			t.Fatal(err)
		}
		return strings.Join(browser.Forms, " ")
	}
	for _, step := range []struct {
		name string
		more []string
		want string
	}{
		{"the first sign-in", nil, "sign-in form-post"},
		{"the session spares the password", nil, "form-post"},
		{"and needs nobody", []string{"prompt", "none"}, "form-post"},
		{"unless it is asked for", []string{"prompt", "login"}, "sign-in form-post"},
		{"select_account shows the picker", []string{"prompt", "select_account"}, "account form-post"},
		{"a hint for somebody else asks them", []string{"login_hint", "eve@contoso.example", "prompt", "none"}, "form-post"},
	} {
		if got := visit(step.more...); got != step.want {
			t.Errorf("%s: the pages were %q, want %q", step.name, got, step.want)
		}
	}
	if c.got.Get("error") != "login_required" {
		t.Errorf("got %v", c.got)
	}
	browser.SetUser(robot.User{Email: "eve@contoso.example", Password: "another password"})
	if got := visit("login_hint", "eve@contoso.example"); got != "sign-in form-post" {
		t.Errorf("eve's first sign-in: %q", got)
	}
	if got := visit(); got != "account form-post" {
		t.Errorf("two accounts and no hint: %q", got)
	}
	if visit("prompt", "none"); c.got.Get("error") != "interaction_required" {
		t.Errorf("two accounts and nobody to ask: %v", c.got)
	}
	browser.SetUser(robot.User{Email: "third@contoso.example", Password: "x", Cancel: true})
	if visit("prompt", "select_account"); c.got.Get("error") != "access_denied" {
		t.Errorf("the picker was left: %v", c.got)
	}
}

func TestHostileClaims(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	refresh := c.redeem(c.got.Get("code")).Refresh
	for name, claims := range map[string]string{
		"no JSON": "{", "a list": `[1]`, "a text": `"x"`, "a list of contexts": `{"access_token":[]}`, "numbers": `{"access_token":{"acrs":7}}`,
		"values of another type": `{"access_token":{"acrs":{"values":"c1"}}}`, "huge": `{"x":"` + strings.Repeat("x", 20_000) + `"}`,
		"deep": strings.Repeat(`{"access_token":`, 5000) + "1" + strings.Repeat("}", 5000),
	} {
		if a := c.token("grant_type", "refresh_token", "refresh_token", refresh, "scope", basic, "claims", claims); a.Status != 400 || a.Error != "invalid_request" {
			t.Errorf("%s: got %+v", name, a)
		}
	}
	// what is not known is passed over (OpenID Connect Core, 5.5)
	if a := c.token("grant_type", "refresh_token", "refresh_token", refresh, "scope", basic, "claims", `{"access_token":{"color":{"value":"red"}},"userinfo":null}`); a.Status != 200 {
		t.Errorf("an unknown claim: got %+v", a)
	}
}

func TestTheTokenEndpointTakesOnlyFormsByPOST(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	address := c.facts.Authority + "/oauth2/v2.0/token"
	for name, try := range map[string]func() (*http.Response, error){
		"GET": func() (*http.Response, error) { return c.tenant.Client().Get(address) },
		"JSON": func() (*http.Response, error) {
			return c.tenant.Client().Post(address, "application/json", strings.NewReader("{}"))
		},
		"a parameter twice": func() (*http.Response, error) {
			return c.tenant.Client().Post(address, "application/x-www-form-urlencoded", strings.NewReader("client_id=a&client_id=b"))
		},
		"a huge form": func() (*http.Response, error) {
			return c.tenant.Client().Post(address, "application/x-www-form-urlencoded", strings.NewReader("client_id="+strings.Repeat("x", 200<<10)))
		},
		"an unknown grant": func() (*http.Response, error) {
			return c.tenant.Client().PostForm(address, url.Values{"grant_type": {"password"}, "client_id": {c.facts.ClientID}})
		},
		"another tenant": func() (*http.Response, error) {
			return c.tenant.Client().PostForm(strings.Replace(address, "/"+c.facts.TenantID+"/", "/fabrikam.onmicrosoft.com/", 1), nil)
		},
		"a secret for public": func() (*http.Response, error) {
			return c.tenant.Client().PostForm(address, url.Values{"grant_type": {"refresh_token"}, "client_id": {c.facts.ClientID}, "client_secret": {"x"}})
		},
	} {
		res, err := try()
		if err != nil {
			t.Fatal(err)
		}
		if a := c.read(res); a.Status < 400 || a.Status > 499 || a.Access != "" || len(a.Codes) != 1 {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}

func TestAnAppOnItsOwnIsNobodysStandIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	own := func(scope string, more ...string) answer {
		return c.token(append([]string{"grant_type", "client_credentials", "client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret, "scope", scope}, more...)...)
	}
	c.refuses(own("https://graph.microsoft.com/User.Read"), 400, 1002012)
	c.refuses(own("https://graph.microsoft.com/.default openid"), 400, 1002012)
	c.refuses(own("api://nobody/.default"), 400, 500011)
	c.refuses(own("https://graph.microsoft.com/.default", "client_secret", "wrong"), 401, 7000215)
	c.refuses(c.token("grant_type", "client_credentials", "scope", "https://graph.microsoft.com/.default"), 401, 7000218)

	graph := own("https://graph.microsoft.com/.default")
	if graph.Status != 200 || graph.Refresh != "" || graph.ID != "" {
		t.Fatalf("got %+v", graph)
	}
	if status, body := c.graph(http.MethodGet, "/v1.0/me", graph.Access, ""); status != 400 || !strings.Contains(fmt.Sprint(body), "delegated") {
		t.Errorf("Graph: %d %v", status, body)
	}
	midTier := own("api://" + c.facts.MidTierID + "/.default")
	c.refuses(c.token("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id", c.facts.MidTierID, "client_secret", c.facts.MidTierSecret,
		"requested_token_use", "on_behalf_of", "scope", "https://graph.microsoft.com/User.ReadWrite", "assertion", midTier.Access), 400, 7000114)
}

func FuzzAuthorize(f *testing.F) {
	f.Add("client_id=x&redirect_uri=http://localhost&response_type=code&scope=openid&claims={}")
	f.Add("response_mode=form_post&prompt=none&state=%00&login_hint=a@b")
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		f.Fatal(err)
	}
	facts := tenant.Facts()
	client := tenant.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.Fuzz(func(t *testing.T, query string) {
		for _, q := range []string{query, query + "&client_id=" + facts.ClientID + "&redirect_uri=http://localhost:1"} {
			req, err := http.NewRequest(http.MethodGet, facts.Authority+"/oauth2/v2.0/authorize", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.URL.RawQuery = q
			res, err := client.Do(req)
			if err != nil || res.StatusCode >= 500 {
				t.Fatalf("%q: %v, %v", q, res, err)
			}
			res.Body.Close()
			if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(to, "http://localhost") {
				t.Errorf("%q: sent to %s", q, to)
			}
		}
	})
}

// TestHintsThatArePassedOver are parameters that change nothing here and must
// not be refused.
func TestHintsThatArePassedOver(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic, "domain_hint", "contoso.example", "ui_locales", "de-CH fr", "mkt", "de", "dc", "ESTS-PUB", "x-client-SKU", "MSAL.Go")
	if c.got.Get("code") == "" {
		t.Errorf("got %v", c.got)
	}
}
