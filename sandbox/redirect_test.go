package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// TestRedirectURIsMatch compares requested redirect URIs with a registered one: the rules of
// learn.microsoft.com, "Redirect URI (reply URL) restrictions and limitations".
func TestRedirectURIsMatch(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, row := range []struct {
		registered, requested string
		public, want          bool
	}{
		{registered: "https://contoso.example/Auth", requested: "https://contoso.example/Auth", want: true},
		{registered: "https://contoso.example/Auth", requested: "https://contoso.example/auth"},
		{registered: "https://contoso.example/auth", requested: "https://contoso.example/auth/"},
		{registered: "https://contoso.example/auth", requested: "https://contoso.example/auth#x"},
		{registered: "https://contoso.example/auth", requested: "https://contoso.example:444/auth"},
		{registered: "https://contoso.example", requested: "https://contoso.example/", want: true},
		{registered: "https://contoso.example/a?b=c", requested: "https://contoso.example/a?b=c", want: true},
		{registered: "https://contoso.example/a?b=c", requested: "https://contoso.example/a"},
		{registered: "http://localhost:3000/auth", requested: "http://localhost:3999/auth", want: true},
		{registered: "http://localhost:3000/auth", requested: "http://localhost/auth", want: true},
		{registered: "http://localhost:3000/auth", requested: "http://localhost:3000/AUTH"},
		{registered: "http://localhost:3000/auth", requested: "https://localhost:3000/auth"},
		{registered: "https://localhost:5001/", requested: "https://localhost", want: true},
		{registered: "http://127.0.0.1/auth", requested: "http://127.0.0.1:8080/auth", want: true, public: true},
		{registered: "http://127.0.0.1/auth", requested: "http://localhost/auth", public: true},
		{registered: "http://localhost", requested: "http://localhost:1", want: true, public: true},
		{registered: "http://localhost", requested: "http://[::1]:1", public: true},
		{registered: "msal1234://auth", requested: "msal1234://auth", want: true, public: true},
		{registered: "msal1234://auth", requested: "msal1235://auth", public: true},
		{registered: "com.contoso.app:/oauth", requested: "com.contoso.app:/oauth", want: true, public: true},
		{
			registered: "https://login.microsoftonline.com/common/oauth2/nativeclient",
			requested:  "https://login.microsoftonline.com/common/oauth2/nativeclient",
			public:     true,
			want:       true,
		},
	} {
		app, err := c.tenant.AddApp(control.App{
			Name:         "app",
			Public:       row.public,
			RedirectURIs: []string{row.registered},
		})
		if err != nil {
			t.Fatal(err)
		}
		address := c.authorizeURL(readScope, "client_id", app.ID, "redirect_uri", row.requested, "prompt", "none",
			"response_mode", "query")
		res, page := c.open(newJar(t), http.MethodGet, address, nil)
		accepted := strings.HasPrefix(res.Header.Get("Location"), strings.TrimSuffix(row.requested, "#x"))
		if accepted != row.want || !row.want && !strings.Contains(page, "AADSTS50011: ") {
			t.Errorf("%s for %s: got %d %v", row.requested, row.registered, res.StatusCode, res.Header)
		}
	}
}

// TestRedirectURIWithoutPathGetsASlash covers the response modes that send the response in
// the address.
func TestRedirectURIWithoutPathGetsASlash(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for mode, want := range map[string]string{
		"query":    redirect + "/?error=",
		"fragment": redirect + "/#error=",
	} {
		address := c.authorizeURL(readScope, "prompt", "none", "response_mode", mode)
		res, _ := c.open(newJar(t), http.MethodGet, address, nil)
		if got := res.Header.Get("Location"); res.StatusCode != 302 || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %d to %q", mode, res.StatusCode, got)
		}
	}
}

// TestRedirectURIMayBeLeftOut uses the redirect URI of the registration.
func TestRedirectURIMayBeLeftOut(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope, "redirect_uri", "")
	if got := c.redeem(c.code(), "redirect_uri", ""); got.Status != 200 {
		t.Errorf("got %+v after %v", got, c.response)
	}
	api, err := c.tenant.AddApp(control.App{Name: "an API", Scopes: []string{"Read"}})
	if err != nil {
		t.Fatal(err)
	}
	page := c.signIn(readScope, "client_id", api.ID, "redirect_uri", "")
	if !strings.Contains(page.Text, "AADSTS500113: ") {
		t.Errorf("without a registered redirect URI: got %s", page.Text)
	}
}

func TestPublicClientsMayLeavePKCEOut(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope, "code_challenge", "", "code_challenge_method", "")
	if got := c.redeem(c.code(), "code_verifier", ""); got.Status != 200 {
		t.Errorf("without PKCE: got %+v", got)
	}
	for _, method := range []string{"plain", ""} {
		c.signIn(readScope, "code_challenge", verifier, "code_challenge_method", method)
		code := c.code()
		c.wantError(c.redeem(code, "code_verifier", verifier+"x"), 400, 501481)
		c.signIn(readScope, "code_challenge", verifier, "code_challenge_method", method)
		if got := c.redeem(c.code()); got.Status != 200 {
			t.Errorf("method %q: got %+v", method, got)
		}
	}
}
