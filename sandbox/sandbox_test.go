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
	"time"

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
	person robot.Person
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
	c.person = robot.Person{Email: f.User, Password: f.Password, Name: "New", Code: func(context.Context) (string, error) {
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
	browser, err := robot.New(c.person, c)
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
	if c.browser, err = robot.New(c.person, c); err != nil {
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

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(*client, string) answer
		code int
	}{
		{"another verifier", func(c *client, code string) answer { return c.redeem(code, "code_verifier", verifier+"x") }, 501481},
		{"no verifier", func(c *client, code string) answer { return c.redeem(code, "code_verifier", "") }, 501481},
		{"another redirect URI", func(c *client, code string) answer {
			return c.redeem(code, "redirect_uri", "http://localhost:1")
		}, 50011},
		{"expired", func(c *client, code string) answer { c.tenant.FastForward(11 * time.Minute); return c.redeem(code) }, 70008},
		{"invented", func(c *client, code string) answer { return c.redeem(code + "x") }, 70000},
		{"of another client", func(c *client, code string) answer {
			return c.redeem(code, "client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret)
		}, 700005},
		{"scopes of two APIs", func(c *client, code string) answer { return c.redeem(code, "scope", "User.Read "+c.facts.EditScope) }, 28000},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, sandbox.Config{})
			client.signIn(basic)
			client.refuses(c.try(client, client.got.Get("code")), 400, c.code)
		})
	}
}

func TestACodeUsedTwiceEndsTheSignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	first := c.redeem(c.got.Get("code"))
	if first.Status != 200 || first.Access == "" || first.ID == "" || first.Scope != "openid profile User.Read" {
		t.Fatalf("got %+v", first)
	}
	c.refuses(c.redeem(c.got.Get("code")), 400, 54005)
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", first.Refresh, "scope", basic), 400, 50173)
}

func TestTheMFARefusalHasTheDocumentedShape(t *testing.T) {
	for _, knob := range []bool{false, true} {
		c := newClient(t, sandbox.Config{InvalidGrant: knob})
		c.signIn(basic)
		a := c.token("grant_type", "refresh_token", "refresh_token", c.redeem(c.got.Get("code")).Refresh, "scope", c.facts.EditScope)
		c.refuses(a, 400, 50076)
		want := []string{"claims", "correlation_id", "error", "error_codes", "error_description", "error_uri", "suberror", "timestamp", "trace_id"}
		wantError := map[bool]string{false: "interaction_required", true: "invalid_grant"}[knob]
		if !slices.Equal(a.Members, want) || a.Error != wantError || a.Sub != "basic_action" ||
			a.Claims != `{"access_token":{"capolids":{"essential":true,"values":["`+c.facts.PolicyID+`"]}}}` {
			t.Errorf("got %+v", a)
		}
	}
}

func TestRefreshTokens(t *testing.T) {
	for _, strict := range []bool{false, true} {
		c := newClient(t, sandbox.Config{Strict: strict})
		c.signIn(basic)
		first := c.redeem(c.got.Get("code")).Refresh
		second := c.token("grant_type", "refresh_token", "refresh_token", first, "scope", basic)
		if second.Status != 200 || second.Refresh == first {
			t.Fatalf("got %+v", second)
		}
		again := c.token("grant_type", "refresh_token", "refresh_token", first, "scope", basic)
		if (again.Status == 200) == strict {
			t.Errorf("strict %v: the old refresh token got %d", strict, again.Status)
		}
		after := c.token("grant_type", "refresh_token", "refresh_token", second.Refresh, "scope", basic)
		if (after.Status == 200) == strict {
			t.Errorf("strict %v: the new refresh token got %d afterwards", strict, after.Status)
		}
	}
}

func TestOnBehalfOf(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn("openid offline_access " + c.facts.EditScope)
	user := c.redeem(c.got.Get("code"))
	c.signIn(basic)
	graph := c.redeem(c.got.Get("code"))
	exchange := func(assertion string, more ...string) answer {
		return c.token(append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id", c.facts.MidTierID, "client_secret", c.facts.MidTierSecret,
			"requested_token_use", "on_behalf_of", "scope", "https://graph.microsoft.com/User.ReadWrite", "assertion", assertion}, more...)...)
	}
	good := exchange(user.Access)
	if good.Status != 200 || good.Access == "" || good.Scope != "https://graph.microsoft.com/User.ReadWrite" || good.Refresh != "" || good.ID != "" {
		t.Fatalf("got %+v", good)
	}
	c.refuses(exchange(graph.Access), 400, 500131)
	c.refuses(exchange(user.Access[:len(user.Access)-6]+"AAAAAA"), 400, 50013)
	c.refuses(exchange(user.ID), 400, 500131)
	c.refuses(exchange(user.Access, "client_secret", "wrong"), 401, 7000215)
	c.refuses(exchange(user.Access, "client_secret", ""), 401, 7000218)
	c.refuses(exchange(user.Access, "client_id", c.facts.ClientID), 401, 700025)
	c.refuses(exchange(user.Access, "requested_token_use", ""), 400, 900144)
	if err := c.tenant.SetConsent(false); err != nil {
		t.Fatal(err)
	}
	c.refuses(exchange(user.Access), 400, 65001)
	c.tenant.FastForward(2 * time.Hour)
	c.refuses(exchange(user.Access), 400, 500133)
}

func TestAuthorizeErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		more  []string
		scope string
		page  string // shown, never redirected
		error string // redirected
	}{
		{"an unknown client", []string{"client_id", "nobody"}, basic, "AADSTS700016", ""},
		{"a redirect URI that is not registered", []string{"redirect_uri", "https://evil.example"}, basic, "AADSTS50011", ""},
		{"a loopback IP, which Entra tells apart from localhost", []string{"redirect_uri", "http://127.0.0.1:1"}, basic, "AADSTS50011", ""},
		{"a path that is not registered", []string{"redirect_uri", redirect + "/x"}, basic, "AADSTS50011", ""},
		{"no PKCE", []string{"code_challenge", "", "code_challenge_method", ""}, basic, "", "invalid_request"},
		{"PKCE without a hash", []string{"code_challenge_method", "plain"}, basic, "", "invalid_request"},
		{"scopes of two APIs", nil, "User.Read api://{mid-tier}/EditProfileService.ReadWrite", "", "invalid_request"},
		{"an unknown scope", nil, "openid User.Everything", "", "invalid_scope"},
		{"a scope without consent", nil, "openid User.ReadWrite", "", "invalid_grant"},
		{"an unknown API", nil, "api://nobody/x", "", "invalid_resource"},
		{"hostile claims", []string{"claims", `{"access_token":[`}, basic, "", "invalid_request"},
		{"prompt=none without a session", []string{"prompt", "none"}, basic, "", "login_required"},
		{"an implicit token", []string{"response_type", "token"}, basic, "", "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, sandbox.Config{})
			page := client.signIn(strings.ReplaceAll(c.scope, "{mid-tier}", client.facts.MidTierID), c.more...)
			if c.page != "" && (!strings.Contains(page.Text, c.page) || client.got != nil || page.Status != 400) {
				t.Errorf("the page is %+v; redirected with %v", page, client.got)
			}
			if c.error != "" && (client.got.Get("error") != c.error || client.got.Get("state") != "s" || !strings.HasPrefix(client.got.Get("error_description"), "AADSTS")) {
				t.Errorf("redirected with %v", client.got)
			}
		})
	}
}

func TestCancelComesBackAsAccessDenied(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.person.Cancel = true
	c.signIn(basic)
	if c.got.Get("error") != "access_denied" || c.got.Get("error_subcode") != "cancel" || !strings.HasPrefix(c.got.Get("error_description"), "AADSTS65004") {
		t.Errorf("got %v", c.got)
	}
}

func TestSignUp(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.person.Email, c.person.Password, c.person.SignUp = "new@contoso.example", "a good password", true
	c.signIn(basic)
	if a := c.redeem(c.got.Get("code")); a.Status != 200 {
		t.Fatalf("got %+v", a)
	}
	if mail := c.tenant.Mail("new@contoso.example"); len(mail) != 1 || mail[0].Subject != "Verify your e-mail address" {
		t.Errorf("the mail is %v", mail)
	}
	c.person.SignUp = false
	if c.signIn(basic); c.got.Get("code") == "" {
		t.Errorf("signing in later: got %v", c.got)
	}
}

func TestOneTimeCodes(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	tries := 0
	right := c.person.Code
	c.person.Code = func(ctx context.Context) (string, error) {
		if tries++; tries < 3 {
			return "00000000", nil
		}
		return right(ctx)
	}
	if c.signIn("openid " + c.facts.EditScope); c.got.Get("code") == "" || tries != 3 {
		t.Errorf("two wrong tries, then the right code: got %v", c.got)
	}
	c.person.Code = func(context.Context) (string, error) { return "00000000", nil }
	browser, err := robot.New(c.person, c)
	if err != nil {
		t.Fatal(err)
	}
	c.got = nil
	_, _ = browser.Open(t.Context(), c.authorizeURL("openid "+c.facts.EditScope)) // never ends: the robot gives up
	if len(c.tenant.Mail("")) != 2 || c.got != nil {
		t.Errorf("five wrong tries: got %v", c.got)
	}
}

func TestAStrangersBrowserCannotGoOnWithATransaction(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	res, err := c.tenant.Client().Get(c.authorizeURL(basic))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), `name="tx" value="`)
	tx, _, _ := strings.Cut(rest, `"`)
	form := url.Values{"tx": {tx}, "email": {c.facts.User}, "password": {c.facts.Password}}
	post := func(change func(*http.Request)) *http.Response {
		req, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(c.facts.Pages, "/")+"/sign-in/password", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		change(req)
		res, err := c.tenant.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	if res := post(func(*http.Request) {}); res.StatusCode != 400 || len(res.Cookies()) != 0 {
		t.Errorf("without the cookie: got %d", res.StatusCode)
	}
	if res := post(func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
	}); res.StatusCode != 403 {
		t.Errorf("from another site: got %d", res.StatusCode)
	}
	for name, want := range map[string]string{"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestHostsAndTenants(t *testing.T) {
	c := newClient(t, sandbox.Config{APIAddress: "https://localhost:8443", PagesAddress: "http://localhost:8442"})
	for _, h := range []struct {
		address string
		status  int
	}{
		{"https://localhost:8443/" + c.facts.TenantID, 200},
		{"https://localhost:8443/contoso.onmicrosoft.com", 200},
		{"https://contoso.ciamlogin.com/" + c.facts.TenantID, 200},
		{"https://localhost:8443/fabrikam.onmicrosoft.com", 400},
	} {
		res, err := c.tenant.Client().Get(h.address + "/v2.0/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Issuer    string `json:"issuer"`
			Authorize string `json:"authorization_endpoint"`
		}
		if err := json.NewDecoder(res.Body).Decode(&d); err != nil || res.StatusCode != h.status {
			t.Errorf("%s: %d, %v", h.address, res.StatusCode, err)
		}
		res.Body.Close()
		want := "https://localhost:8443/" + c.facts.TenantID + "/v2.0"
		if strings.Contains(h.address, "ciamlogin") {
			want = "https://" + c.facts.TenantID + ".ciamlogin.com/" + c.facts.TenantID + "/v2.0"
		}
		if h.status == 200 && d.Issuer != want {
			t.Errorf("%s: the issuer is %s", h.address, d.Issuer)
		}
	}
	req, err := http.NewRequest(http.MethodGet, "https://localhost:8443/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example:8443"
	w := &statusOnly{header: http.Header{}}
	c.tenant.API().ServeHTTP(w, req)
	if w.status != http.StatusMisdirectedRequest {
		t.Errorf("a rebound name: got %d", w.status)
	}
}

type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(p []byte) (int, error) { return len(p), nil }

// keep is a store in memory.
type keep struct{ state []byte }

func (k *keep) Load() ([]byte, error)   { return k.state, nil }
func (k *keep) Save(state []byte) error { k.state = slices.Clone(state); return nil }

func TestARestartKeepsWhatWasAcknowledged(t *testing.T) {
	store := &keep{}
	c := newClient(t, sandbox.Config{Store: store})
	password := c.facts.Password
	c.signIn(basic)
	refresh := c.redeem(c.got.Get("code")).Refresh
	again := newClient(t, sandbox.Config{Store: store})
	if again.facts.TenantID != c.facts.TenantID || again.facts.Mailbox != c.facts.Mailbox {
		t.Fatal("it is another tenant")
	}
	if a := again.token("grant_type", "refresh_token", "refresh_token", refresh, "scope", basic); a.Status != 200 {
		t.Errorf("the refresh token got %+v", a)
	}
	again.person.Password = password
	if again.signIn(basic); again.got.Get("code") == "" {
		t.Errorf("the password got %v", again.got)
	}
	if strings.Contains(string(store.state), password) {
		t.Error("the password is in the state")
	}
}

func TestDeviceCode(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	res, err := c.tenant.Client().PostForm(c.facts.Authority+"/oauth2/v2.0/devicecode", url.Values{"client_id": {c.facts.ClientID}, "scope": {basic}})
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Device string `json:"device_code"`
		User   string `json:"user_code"`
		Page   string `json:"verification_uri"`
	}
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil || !strings.HasSuffix(d.Page, "/common/oauth2/deviceauth") {
		t.Fatalf("got %+v, %v", d, err)
	}
	res.Body.Close()
	poll := func() answer { return c.token("grant_type", "device_code", "device_code", d.Device) }
	c.refuses(poll(), 400, 70016)
	browser, err := robot.New(c.person, c)
	if err != nil {
		t.Fatal(err)
	}
	browser.UserCode = d.User
	if page, err := browser.Open(t.Context(), d.Page); err != nil || !strings.Contains(page.Text, "You are signed in") {
		t.Fatalf("got %+v, %v", page, err)
	}
	if a := poll(); a.Status != 200 || a.Access == "" {
		t.Errorf("got %+v", a)
	}
	c.refuses(poll(), 400, 70018)
	c.tenant.FastForward(20 * time.Minute)
}

func FuzzTokenEndpoint(f *testing.F) {
	f.Add("grant_type=authorization_code&code=x&client_id=y")
	f.Add("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c&claims={}")
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		f.Fatal(err)
	}
	facts := tenant.Facts()
	f.Fuzz(func(t *testing.T, body string) {
		for _, form := range []string{body, body + "&client_id=" + facts.ClientID} {
			res, err := tenant.Client().Post(facts.Authority+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil || res.StatusCode >= 500 || res.StatusCode == 200 {
				t.Errorf("%q: %v, %v", form, res, err)
			}
		}
	})
}
