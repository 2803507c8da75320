package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// claimsOf returns the claims of a token.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return tokenPart(t, token, 1)
}

// tokenPart decodes the header (0) or the claims (1) of a token.
func tokenPart(t *testing.T, token string, part int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %q", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// names returns the names of the claims, in order.
func names(claims map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(claims)), " ") }

// api registers an API with the scope Use and a public client that may use it. It returns the
// API and the scope parameter for it.
func (c *client) api(tokenVersion int, optional ...string) (api control.App, scope string) {
	c.t.Helper()
	api = c.app(control.App{
		Name:         "an API",
		Scopes:       []string{"Use"},
		TokenVersion: tokenVersion,
		Permissions:  []string{"User.Read"},
	})
	scope = api.AppIDURI + "/Use"
	if err := c.tenant.SetOptionalClaims(api.ID, optional...); err != nil {
		c.t.Fatal(err)
	}
	user := c.app(control.App{
		Name:         "a client of the API",
		Public:       true,
		RedirectURIs: []string{"http://localhost"},
		Permissions:  []string{"User.Read", scope},
	})
	c.facts.ClientID = user.ID
	return api, scope
}

func TestAccessTokenClaims(t *testing.T) {
	const (
		always   = "aio aud exp iat iss nbf rh scp sub tid uti ver"
		version1 = "acr amr appid appidacr unique_name upn"
	)
	for _, row := range []struct {
		name    string
		version int
		scope   string
		want    string // in addition to always
		wantVer string
	}{
		{"v2.0", 2, "profile", "azp azpacr name oid preferred_username", "2.0"},
		{"v2.0 without profile", 2, "", "azp azpacr", "2.0"},
		{"v1.0", 1, "profile", version1 + " family_name given_name name oid", "1.0"},
		{"v1.0 by default", 0, "profile", version1 + " family_name given_name name oid", "1.0"},
		{"v1.0 without profile", 1, "", version1, "1.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{})
			api, scope := c.api(row.version)
			claims := claimsOf(t, c.tokens("openid "+row.scope+" "+scope).AccessToken)
			want := strings.Fields(always + " " + row.want)
			slices.Sort(want)
			delete(claims, "ipaddr") // only if the client has an address
			if got := names(claims); got != strings.Join(want, " ") {
				t.Errorf("got claims %s\nwant       %s", got, strings.Join(want, " "))
			}
			wantAudience := map[string]string{"1.0": api.AppIDURI, "2.0": api.ID}[row.wantVer]
			if claims["ver"] != row.wantVer || claims["aud"] != wantAudience || claims["scp"] != "Use" {
				t.Errorf("got %v", claims)
			}
		})
	}
}

func TestVersion1Tokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	api, scope := c.api(1)
	issued := c.tokens("openid offline_access profile " + scope)
	claims := claimsOf(t, issued.AccessToken)
	wantIssuer := "https://sts.windows.net/" + c.facts.TenantID + "/"
	if claims["iss"] != wantIssuer || claims["unique_name"] != c.facts.User || claims["appid"] != c.facts.ClientID {
		t.Errorf("got %v", claims)
	}
	if header := tokenPart(t, issued.AccessToken, 0); header["x5t"] != header["kid"] || header["nonce"] != nil {
		t.Errorf("got header %v", header)
	}
	byID := c.refresh(issued.RefreshToken, "scope", api.ID+"/Use")
	if audience := c.audience(byID); audience != api.ID {
		t.Errorf("requested by client ID: got audience %s", audience)
	}
	exchanged := c.exchange(issued.AccessToken, "client_id", api.ID, "client_secret", api.Secret, "scope", graphRead)
	if exchanged.Status != 200 {
		t.Errorf("a v1.0 token as an assertion: got %+v", exchanged)
	}
	if err := c.tenant.SetOptionalClaims(api.ID, "aud"); err != nil {
		t.Fatal(err)
	}
	if audience := c.audience(c.refresh(issued.RefreshToken, "scope", scope)); audience != api.ID {
		t.Errorf("with the optional claim aud: got audience %s", audience)
	}
}

func TestAuthenticationMethodsInVersion1Tokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	api, scope := c.api(1)
	amr := func() string {
		raw, err := json.Marshal(claimsOf(t, c.tokens("openid "+scope).AccessToken)["amr"])
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := amr(); got != `["pwd"]` {
		t.Errorf("a password: got %s", got)
	}
	c.policy(control.Policy{Name: "MFA", On: true, APIs: []string{api.ID}})
	if got := amr(); got != `["pwd","otp","mfa"]` {
		t.Errorf("a second factor: got %s", got)
	}
}

func TestIDTokenClaims(t *testing.T) {
	const always = "aio aud exp iat iss nbf nonce rh sid sub tid uti ver"
	c := newClient(t, sandbox.Config{})
	for scope, want := range map[string]string{
		"openid":                   "",
		"openid offline_access":    "",
		"openid profile":           "name oid preferred_username",
		"openid email":             "email",
		"openid profile email":     "email name oid preferred_username",
		"openid profile User.Read": "name oid preferred_username",
	} {
		wanted := strings.Fields(always + " " + want)
		slices.Sort(wanted)
		if claims := names(claimsOf(t, c.tokens(scope).IDToken)); claims != strings.Join(wanted, " ") {
			t.Errorf("%s: got claims %s, want %s", scope, claims, strings.Join(wanted, " "))
		}
	}
	for _, scope := range []string{"profile email User.Read", "offline_access User.Read"} {
		if got := c.tokens(scope); got.Status != 200 || got.IDToken != "" {
			t.Errorf("%s: got %+v", scope, got)
		}
	}
}

// TestSessionID compares the sid of several sign-ins at one browser.
func TestSessionID(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	sid := func(pairs ...string) any {
		if _, err := c.browser.Open(t.Context(), c.authorizeURL(readScope, pairs...)); err != nil {
			t.Fatal(err)
		}
		return claimsOf(t, c.redeem(c.code()).IDToken)["sid"]
	}
	c.newBrowser()
	first := sid()
	if again := sid(); again != first || first == nil {
		t.Errorf("in one session: got %v and %v", first, again)
	}
	if next := sid("prompt", "login"); next == first {
		t.Error("a new sign-in has the sid of the last one")
	}
}

func TestOptionalClaims(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	api, scope := c.api(2, "auth_time", "email", "family_name", "given_name", "login_hint", "sid", "upn", "acct",
		"xms_pl", "ctry", "tenant_region_scope", "idtyp", "xms_cc", "acrs")
	claims := claimsOf(t, c.tokens("openid profile "+scope).AccessToken)
	for name, want := range map[string]any{
		"email":               c.facts.User,
		"family_name":         "Jensen",
		"given_name":          "Casey",
		"acct":                0.0,
		"xms_pl":              "en-us",
		"tenant_region_scope": "EU",
		"ctry":                nil, // the profile names the country in full
		"idtyp":               nil, // only in app-only tokens
		"xms_cc":              nil, // the client declared no capability
		"acrs":                nil, // no second factor
	} {
		if claims[name] != want {
			t.Errorf("%s: got %v, want %v", name, claims[name], want)
		}
	}
	for _, name := range []string{"auth_time", "login_hint", "sid", "upn"} {
		if claims[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	claims = claimsOf(t, c.tokens("openid "+scope).AccessToken)
	if claims["family_name"] != nil || claims["upn"] != nil || claims["email"] != c.facts.User {
		t.Errorf("without profile: got %v", claims)
	}
	if err := c.tenant.SetOptionalClaims(api.ID, "color"); err == nil {
		t.Error("an unknown claim was accepted")
	}
}

func TestLoginHintClaimNamesTheUser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.AddUser("eve@contoso.example", "Another passw0rd", "Eve"); err != nil {
		t.Fatal(err)
	}
	if err := c.tenant.SetIDTokenClaims(c.facts.ClientID, "login_hint"); err != nil {
		t.Fatal(err)
	}
	c.newBrowser()
	open := func(pairs ...string) map[string]any {
		if _, err := c.browser.Open(t.Context(), c.authorizeURL(readScope, pairs...)); err != nil {
			t.Fatal(err)
		}
		return claimsOf(t, c.redeem(c.code()).IDToken)
	}
	first := open()
	c.user.Email, c.user.Password = "eve@contoso.example", "Another passw0rd"
	c.browser.SetUser(c.user)
	open("prompt", "login")
	hint, _ := first["login_hint"].(string)
	if strings.Contains(hint, "@") || hint == "" {
		t.Errorf("the hint is not opaque: %q", hint)
	}
	if again := open("login_hint", hint, "prompt", "none"); again["oid"] != first["oid"] {
		t.Errorf("got %v, want %v", again["oid"], first["oid"])
	}
}

func TestClientCapabilities(t *testing.T) {
	const cp1 = `{"access_token":{"xms_cc":{"values":["CP1","foo"]}}}`
	c := newClient(t, sandbox.Config{})
	_, scope := c.api(2, "xms_cc")
	c.signIn("openid offline_access "+scope, "claims", cp1)
	got := c.redeem(c.code())
	capabilities, _ := claimsOf(t, got.AccessToken)["xms_cc"].([]any)
	if len(capabilities) != 1 || capabilities[0] != "CP1" {
		t.Errorf("got %v", capabilities)
	}
	if got := c.refresh(got.RefreshToken, "scope", scope); claimsOf(t, got.AccessToken)["xms_cc"] != nil {
		t.Error("a request without the capability got it")
	}
	graph := c.refresh(got.RefreshToken, "scope", "User.Read", "claims", cp1)
	if claimsOf(t, graph.AccessToken)["xms_cc"] == nil {
		t.Error("Graph does not learn the capability")
	}
	c = newClient(t, sandbox.Config{})
	_, scope = c.api(2)
	c.signIn("openid "+scope, "claims", cp1)
	if claims := claimsOf(t, c.redeem(c.code()).AccessToken); claims["xms_cc"] != nil {
		t.Error("an API that did not opt in got the claim")
	}
}
