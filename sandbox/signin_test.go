package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

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
	c.user.Cancel = true
	c.signIn(basic)
	if c.got.Get("error") != "access_denied" || c.got.Get("error_subcode") != "cancel" || !strings.HasPrefix(c.got.Get("error_description"), "AADSTS65004") {
		t.Errorf("got %v", c.got)
	}
}

func TestSignUp(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.Email, c.user.Password, c.user.SignUp = "new@contoso.example", "a good password", true
	c.signIn(basic)
	if a := c.redeem(c.got.Get("code")); a.Status != 200 {
		t.Fatalf("got %+v", a)
	}
	if mail := c.tenant.Mail("new@contoso.example"); len(mail) != 1 || mail[0].Subject != "Verify your email address" {
		t.Errorf("the mail is %v", mail)
	}
	c.user.SignUp = false
	if c.signIn(basic); c.got.Get("code") == "" {
		t.Errorf("signing in later: got %v", c.got)
	}
}

func TestOneTimeCodes(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	tries := 0
	right := c.user.Code
	c.user.Code = func(ctx context.Context) (string, error) {
		if tries++; tries < 3 {
			return "00000000", nil
		}
		return right(ctx)
	}
	if c.signIn("openid " + c.facts.EditScope); c.got.Get("code") == "" || tries != 3 {
		t.Errorf("two wrong tries, then the right code: got %v", c.got)
	}
	c.user.Code = func(context.Context) (string, error) { return "00000000", nil }
	browser, err := robot.New(c.user, c)
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
	browser, err := robot.New(c.user, c)
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
