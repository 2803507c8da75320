package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// authorizeErrorRow is a request whose error the client receives at its redirect
// URI, or, if page is set, whose error is shown on a page and never redirected.
type authorizeErrorRow struct {
	name      string
	pairs     []string
	scope     string
	page      bool
	wantError string // the OAuth error code of the response
	wantCode  string
}

func TestAuthorizeErrors(t *testing.T) {
	for _, row := range []authorizeErrorRow{
		{
			name:     "an unknown client",
			pairs:    []string{"client_id", "11111111-2222-3333-4444-555555555555"},
			page:     true,
			wantCode: "AADSTS700016",
		},
		{
			name:     "a client ID that is no GUID",
			pairs:    []string{"client_id", "nobody"},
			page:     true,
			wantCode: "AADSTS700038",
		},
		{
			name:     "no client ID",
			pairs:    []string{"client_id", ""},
			page:     true,
			wantCode: "AADSTS900144",
		},
		{
			name:     "a redirect URI that is not registered",
			pairs:    []string{"redirect_uri", "https://evil.example"},
			page:     true,
			wantCode: "AADSTS50011",
		},
		{
			name:     "a loopback IP address, which Entra does not accept for localhost",
			pairs:    []string{"redirect_uri", "http://127.0.0.1:1"},
			page:     true,
			wantCode: "AADSTS50011",
		},
		{
			name:     "a path that is not registered",
			pairs:    []string{"redirect_uri", redirect + "/x"},
			page:     true,
			wantCode: "AADSTS50011",
		},
		{
			name:      "a short code challenge",
			pairs:     []string{"code_challenge", "short"},
			wantError: "invalid_request",
			wantCode:  "AADSTS501491",
		},
		{
			name:      "a code challenge method without a challenge",
			pairs:     []string{"code_challenge", ""},
			wantError: "invalid_request",
			wantCode:  "AADSTS50147",
		},
		{
			name:      "an unknown code challenge method",
			pairs:     []string{"code_challenge_method", "S512"},
			wantError: "invalid_request",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "an unknown scope",
			scope:     "openid User.Everything",
			wantError: "invalid_client",
			wantCode:  "AADSTS650053",
		},
		{
			name:      "an API without a scope",
			scope:     "openid https://graph.microsoft.com",
			wantError: "invalid_scope",
			wantCode:  "AADSTS70011",
		},
		{
			name:      "an unknown API",
			scope:     "api://nobody/x",
			wantError: "invalid_resource",
			wantCode:  "AADSTS500011",
		},
		{
			name:      "malformed claims",
			pairs:     []string{"claims", `{"access_token":[`},
			wantError: "invalid_request",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "prompt=none without a session",
			pairs:     []string{"prompt", "none"},
			wantError: "login_required",
			wantCode:  "AADSTS50058",
		},
		{
			name:      "an access token from the authorize endpoint",
			pairs:     []string{"response_type", "token"},
			wantError: "unsupported_response_type",
			wantCode:  "AADSTS700051",
		},
		{
			name:      "an ID token from the authorize endpoint",
			pairs:     []string{"response_type", "id_token"},
			wantError: "unsupported_response_type",
			wantCode:  "AADSTS700054",
		},
		{
			name:      "the hybrid flow",
			pairs:     []string{"response_type", "code id_token"},
			wantError: "unsupported_response_type",
			wantCode:  "AADSTS700054",
		},
		{
			name:      "an unknown response type",
			pairs:     []string{"response_type", "pigeon"},
			wantError: "unsupported_response_type",
			wantCode:  "AADSTS70005",
		},
		{
			name:      "no response type",
			pairs:     []string{"response_type", ""},
			wantError: "invalid_request",
			wantCode:  "AADSTS900144",
		},
		{
			name:      "an unknown prompt",
			pairs:     []string{"prompt", "always"},
			wantError: "invalid_request",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "two values of prompt",
			pairs:     []string{"prompt", "login consent"},
			wantError: "invalid_request",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "a session ID and a hint",
			pairs:     []string{"sid", "x", "login_hint", "casey@contoso.example"},
			wantError: "invalid_request",
			wantCode:  "AADSTS90005",
		},
		{
			name:      "a session that does not exist",
			pairs:     []string{"sid", "x", "prompt", "none"},
			wantError: "interaction_required",
			wantCode:  "AADSTS160021",
		},
		{
			name:      "an age that is no number",
			pairs:     []string{"max_age", "-1"},
			wantError: "invalid_request",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "a request object",
			pairs:     []string{"request", "eyJhbGciOiJub25lIn0.e30."},
			wantError: "request_not_supported",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "a reference to a request object",
			pairs:     []string{"request_uri", "https://contoso.example/request"},
			wantError: "request_uri_not_supported",
			wantCode:  "AADSTS90023",
		},
		{
			name:      "the resource parameter of the v1.0 endpoint",
			pairs:     []string{"resource", "https://graph.microsoft.com"},
			wantError: "invalid_request",
			wantCode:  "AADSTS901002",
		},
	} {
		t.Run(row.name, func(t *testing.T) { testAuthorizeError(t, row) })
	}
}

func testAuthorizeError(t *testing.T, row authorizeErrorRow) {
	c := newClient(t, sandbox.Config{})
	scope := readScope
	if row.scope != "" {
		scope = row.scope
	}
	page := c.signIn(scope, row.pairs...)
	if row.page {
		if page.Status != 400 || !strings.Contains(page.Text, row.wantCode+":") || c.response != nil {
			t.Errorf("got page %+v and response %v", page, c.response)
		}
		return
	}
	if c.response.Get("error") != row.wantError || c.response.Get("state") != "s" ||
		!strings.HasPrefix(c.response.Get("error_description"), row.wantCode+": ") {
		t.Errorf("got response %v", c.response)
	}
}

// TestAuthorizeRejectsUnknownResponseModes sees the error in a redirect, because
// the requested mode is unknown.
func TestAuthorizeRejectsUnknownResponseModes(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	address := c.authorizeURL(readScope, "response_mode", "carrier_pigeon")
	res, _ := c.open(newJar(t), http.MethodGet, address, nil)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	got := to.Query()
	if got.Get("error") != "invalid_request" || !strings.HasPrefix(got.Get("error_description"), "AADSTS70007: ") {
		t.Errorf("got %v", got)
	}
}

// TestAuthorizeDefaultsToTheFragmentForTokens sees the error where a client that asked for a
// token looks for it.
func TestAuthorizeDefaultsToTheFragmentForTokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	address := c.authorizeURL(readScope, "response_mode", "", "response_type", "id_token")
	res, _ := c.open(newJar(t), http.MethodGet, address, nil)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	got, err := url.ParseQuery(to.Fragment)
	if err != nil || got.Get("error") != "unsupported_response_type" || got.Get("state") != "s" || to.RawQuery != "" {
		t.Errorf("got %s", to)
	}
}

// TestStateIsReturnedWithoutHTML covers a documented property of the authorize endpoint.
func TestStateIsReturnedWithoutHTML(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for state, want := range map[string]string{
		`a b&c="d"|{e}%`:            `a b&c="d"|{e}%`,
		`x<script>alert()</script>`: `xalert()`,
		"1 < 2":                     "1 < 2",
	} {
		c.signIn(readScope, "prompt", "none", "state", state)
		if got := c.response.Get("state"); got != want {
			t.Errorf("%s: got %s", state, got)
		}
	}
}

func TestScopeWithoutConsentNeedsAnAdministrator(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	page := c.signIn("openid User.ReadWrite")
	if !strings.Contains(page.Text, "AADSTS90094: ") || c.response != nil {
		t.Errorf("interactively, got %s and %v", page.Text, c.response)
	}
	if _, err := c.browser.Open(t.Context(), c.authorizeURL("openid User.ReadWrite", "prompt", "none")); err != nil {
		t.Fatal(err)
	}
	if c.response.Get("error") != "interaction_required" ||
		!strings.HasPrefix(c.response.Get("error_description"), "AADSTS65001: ") {
		t.Errorf("silently, got %v", c.response)
	}
}

func TestUnknownParametersAreIgnored(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope,
		"domain_hint", "contoso.example",
		"ui_locales", "de-CH fr",
		"mkt", "de",
		"dc", "ESTS-PUB",
		"x-client-SKU", "MSAL.Go",
	)
	if c.code() == "" {
		t.Errorf("got %v", c.response)
	}
}

func TestCancelReturnsAccessDenied(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.Cancel = true
	c.signIn(readScope)
	if c.response.Get("error") != "access_denied" || c.response.Get("error_subcode") != "cancel" ||
		!strings.HasPrefix(c.response.Get("error_description"), "AADSTS65004") {
		t.Errorf("got %v", c.response)
	}
}

func TestUnregisteredAddressesAreNeverFollowed(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	authorize := func(redirectURI string) string {
		return "/oauth2/v2.0/authorize?client_id=" + c.facts.ClientID +
			"&redirect_uri=" + url.QueryEscape(redirectURI)
	}
	for name, path := range map[string]string{
		"a host name like localhost": authorize("http://localhost.evil.example"),
		"localhost as a user name":   authorize("http://localhost@evil.example"),
		"a script":                   authorize("javascript:alert(1)"),
		"a fragment":                 authorize("http://localhost:1#x"),
		"two redirect URIs":          authorize("http://localhost") + "&redirect_uri=https://evil.example",
	} {
		res, page := c.open(newJar(t), http.MethodGet, c.facts.Authority+path, nil)
		if res.Header.Get("Location") != "" || res.StatusCode != 400 || strings.Contains(page, `href="https://evil`) {
			t.Errorf("%s: got %d to %q", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func FuzzAuthorize(f *testing.F) {
	f.Add("client_id=x&redirect_uri=http://localhost&response_type=code&scope=openid&claims={}")
	f.Add("response_mode=form_post&prompt=none&state=%00&login_hint=a@b")
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		f.Fatal(err)
	}
	facts := tenant.Facts()
	browser := tenant.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.Fuzz(func(t *testing.T, query string) {
		for _, q := range []string{query, query + "&client_id=" + facts.ClientID + "&redirect_uri=http://localhost:1"} {
			req, err := http.NewRequest(http.MethodGet, facts.Authority+"/oauth2/v2.0/authorize", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.URL.RawQuery = q
			res, err := browser.Do(req)
			if err != nil || res.StatusCode >= 500 {
				t.Fatalf("%q: %v, %v", q, res, err)
			}
			res.Body.Close()
			if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(to, "http://localhost") {
				t.Errorf("%q: redirected to %s", q, to)
			}
		}
	})
}
