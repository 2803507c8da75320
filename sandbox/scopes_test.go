package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const (
	graphURI     = "https://graph.microsoft.com"
	graphID      = "00000003-0000-0000-c000-000000000000"
	graphRead    = graphURI + "/User.Read"
	graphDefault = graphURI + "/.default"
)

// app registers an app.
func (c *client) app(a control.App) control.App {
	c.t.Helper()
	added, err := c.tenant.AddApp(a)
	if err != nil {
		c.t.Fatal(err)
	}
	return added
}

// audience returns the aud claim of an access token.
func (c *client) audience(r result) string {
	c.t.Helper()
	if r.Status != 200 {
		c.t.Errorf("got %d %s %v", r.Status, r.Error, r.Codes)
		return ""
	}
	audience, _ := claimsOf(c.t, r.AccessToken)["aud"].(string)
	return audience
}

func TestRefreshReturnsATokenForTheFirstScope(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	edit := c.facts.EditScope
	refresh := c.tokens("openid offline_access " + edit).RefreshToken
	for _, row := range []struct{ name, scope, want, wantScope string }{
		{"Graph first", "User.Read " + edit, graphID, "User.Read"},
		{"the mid-tier first", edit + " User.Read", c.facts.MidTierID, edit},
		{"scopes of OpenID Connect before it", "openid profile " + edit + " User.Read", c.facts.MidTierID,
			"openid profile " + edit},
		{"no scope", "", c.facts.MidTierID, "openid " + edit},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := c.refresh(refresh, "scope", row.scope)
			if audience := c.audience(got); audience != row.want || got.Scope != row.wantScope {
				t.Errorf("got a token for %s with %q, want %s with %q", audience, got.Scope, row.want, row.wantScope)
			}
			if again := c.refresh(got.RefreshToken, "scope", ""); c.audience(again) != c.facts.MidTierID {
				t.Error("the next refresh without a scope is not for the API of the sign-in")
			}
		})
	}
}

// TestRefreshDecidesWhenTheSecondFactorIsNeeded makes the requests of Microsoft's how-to, which
// asks for both scopes when it shows the form, and for the edit scope when it saves.
func TestRefreshDecidesWhenTheSecondFactorIsNeeded(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	if got := c.refresh(refresh, "scope", "User.Read "+c.facts.EditScope); got.Status != 200 {
		t.Errorf("the form: got %+v", got)
	}
	c.wantError(c.refresh(refresh, "scope", c.facts.EditScope), 400, 50076)
}

func TestCodeOfSeveralAPIs(t *testing.T) {
	const graphFirst = "openid User.Read "
	for _, row := range []struct {
		name   string
		scope  string // of the token request; {edit} is the edit scope
		want   string // audience
		wantID int    // or the error code
	}{
		{name: "the first API", scope: "User.Read", want: graphID},
		{name: "the second API, which needs a second factor", scope: "{edit}", wantID: 50076},
		{name: "both APIs", scope: "User.Read {edit}", wantID: 28000},
		{name: "no scope", scope: "", wantID: 28003},
		{name: "a scope without consent", scope: "User.ReadWrite", wantID: 65001},
		{name: "offline_access alone", scope: "offline_access", wantID: 28002},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{})
			c.signIn(graphFirst + c.facts.EditScope)
			got := c.redeem(c.code(), "scope", strings.ReplaceAll(row.scope, "{edit}", c.facts.EditScope))
			if row.wantID != 0 {
				c.wantError(got, 400, row.wantID)
			} else if audience := c.audience(got); audience != row.want {
				t.Errorf("got a token for %s, want %s", audience, row.want)
			}
		})
	}
}

func TestCodeCanBeRedeemedForAnotherAPI(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn("openid " + c.facts.EditScope)
	if got := c.redeem(c.code(), "scope", graphRead); c.audience(got) != graphURI {
		t.Errorf("got %+v", got)
	}
	c.signIn("openid " + c.facts.EditScope)
	if got := c.redeem(c.code()); c.audience(got) != c.facts.MidTierID {
		t.Errorf("without a scope: got %+v", got)
	}
}

func TestDefaultScopeCannotBeCombined(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	for _, scope := range []string{
		graphDefault + " User.Read",
		"User.Read " + graphDefault,
		graphDefault + " " + c.facts.EditScope,
		graphDefault + " api://" + c.facts.MidTierID + "/.default",
		".default User.Read",
	} {
		got := c.refresh(refresh, "scope", scope)
		if c.wantError(got, 400, 70011); got.Error != "invalid_scope" {
			t.Errorf("%s: got %s", scope, got.Error)
		}
		if c.signIn("openid " + scope); c.response.Get("error") != "invalid_scope" {
			t.Errorf("%s at the authorize endpoint: got %v", scope, c.response)
		}
	}
	got := c.refresh(refresh, "scope", graphDefault+" openid profile")
	if c.audience(got) != graphURI || got.Scope != graphRead+" "+graphDefault+" openid profile" {
		t.Errorf("with scopes of OpenID Connect: got %+v", got)
	}
}

func TestSignInWithoutAnAPIGetsAGraphToken(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	got := c.tokens("openid profile")
	if c.audience(got) != graphID || got.Scope != "openid profile User.Read" || got.IDToken == "" {
		t.Fatalf("got %+v", got)
	}
	if scp := claimsOf(t, got.AccessToken)["scp"]; scp != "User.Read openid profile" {
		t.Errorf("scp: got %v", scp)
	}
	if status, _ := c.graph("GET", "/v1.0/me", got.AccessToken, ""); status != 200 {
		t.Errorf("GET /me: got %d", status)
	}
}

func TestConsentIsNeeded(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	limited := c.app(control.App{
		Name:         "limited",
		Public:       true,
		RedirectURIs: []string{"http://localhost"},
		Permissions:  []string{"openid", "User.Read"},
	})
	for _, row := range []struct{ name, clientID, scope, missing string }{
		{"a permission of Graph", c.facts.ClientID, "openid User.ReadWrite", "User.ReadWrite"},
		{"an API", limited.ID, "openid " + c.facts.EditScope, c.facts.EditScope},
		{"the default scope of an API", limited.ID, "openid api://" + c.facts.MidTierID + "/.default",
			"api://" + c.facts.MidTierID + "/.default"},
		{"offline_access", limited.ID, "openid offline_access User.Read", "offline_access"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t = t
			page := c.signIn(row.scope, "client_id", row.clientID)
			if c.response != nil || !strings.Contains(page.Text, "Need admin approval") ||
				!strings.Contains(page.Text, row.missing) {
				t.Errorf("got page %q and response %v", page.Text, c.response)
			}
			address := c.authorizeURL(row.scope, "client_id", row.clientID, "prompt", "none")
			if _, err := c.browser.Open(t.Context(), address); err != nil {
				t.Fatal(err)
			}
			if c.response.Get("error") != "interaction_required" ||
				!strings.HasPrefix(c.response.Get("error_description"), "AADSTS65001: ") {
				t.Errorf("prompt=none: got %v", c.response)
			}
		})
	}
}

func TestConsentPageReturnsToTheApp(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	_, page := c.open(jar, "GET", c.authorizeURL("openid User.ReadWrite"), nil)
	_, page = c.post(jar, "password", c.passwordForm(page))
	_, page = c.post(jar, "cancel", map[string][]string{"tx": {tx(page)}})
	if !strings.Contains(page, "access_denied") || !strings.Contains(page, redirect) {
		t.Errorf("got %s", page)
	}
}

func TestScopesAreFoundByTheirAPI(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens("openid offline_access " + c.facts.EditScope).RefreshToken
	for scope, wantCode := range map[string]int{
		"user.read":                                         0,
		"HTTPS://graph.microsoft.com/User.Read":             0,
		graphID + "/User.Read":                              0,
		c.facts.MidTierID + "/EditProfileService.ReadWrite": 0,
		".default":                      0,
		"User.Everything":               650053,
		graphURI + "/User.Everything":   650053,
		graphURI:                        70011,
		"foo.example/mail.read":         70011,
		"https://foo.example/mail.read": 500011,
	} {
		got := c.refresh(refresh, "scope", scope)
		if (got.Status == 200) != (wantCode == 0) || wantCode != 0 && !slices.Contains(got.Codes, wantCode) {
			t.Errorf("%s: got %d %v, want %d", scope, got.Status, got.Codes, wantCode)
		}
	}
}

// TestTokenForItself requests tokens of an app for itself.
func TestTokenForItself(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	app := c.app(control.App{
		Name:         "notes",
		Public:       true,
		RedirectURIs: []string{"http://localhost"},
		AppIDURI:     "api://notes",
		Scopes:       []string{"Notes.Read"},
		Permissions:  []string{"api://notes/Notes.Read"},
	})
	c.signIn("openid api://notes/.default", "client_id", app.ID)
	if !strings.HasPrefix(c.response.Get("error_description"), "AADSTS90009: ") {
		t.Errorf("by App ID URI: got %v", c.response)
	}
	c.signIn("openid "+app.ID+"/.default", "client_id", app.ID)
	if got := c.redeem(c.code(), "client_id", app.ID); c.audience(got) != app.ID {
		t.Errorf("by client ID: got %+v", got)
	}
}
