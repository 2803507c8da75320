package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const eve, evesPassword = "eve@contoso.example", "Another password"

// session is a browser with signed-in users, driven by hand.
type session struct {
	*client
	jar http.CookieJar
}

// signedIn returns a browser in which the users are signed in, the last one most recently.
func signedIn(t *testing.T, emails ...string) *session {
	t.Helper()
	s := &session{client: newClient(t, sandbox.Config{}), jar: newJar(t)}
	if err := s.tenant.AddUser(eve, evesPassword, "Eve"); err != nil {
		t.Fatal(err)
	}
	for _, email := range emails {
		s.signInAs(email)
	}
	return s
}

func (s *session) signInAs(email string) {
	s.t.Helper()
	password := evesPassword
	if email == s.facts.User {
		password = s.facts.Password
	}
	_, page := s.open(s.jar, http.MethodGet, s.authorizeURL(readScope, "prompt", "login"), nil)
	form := url.Values{"tx": {tx(page)}, "email": {email}, "password": {password}}
	if res, page := s.post(s.jar, "password", form); res.StatusCode != 200 || !strings.Contains(page, `name="code"`) {
		s.t.Fatalf("sign in %s: got %d %s", email, res.StatusCode, page)
	}
}

// isSignedIn reports whether a silent sign-in of a user succeeds.
func (s *session) isSignedIn(email string) bool {
	s.t.Helper()
	address := s.authorizeURL(readScope, "prompt", "none", "login_hint", email, "response_mode", "query")
	res, _ := s.open(s.jar, http.MethodGet, address, nil)
	return strings.Contains(res.Header.Get("Location"), "code=")
}

func (s *session) logout(method string, pairs ...string) (*http.Response, string) {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	address := s.facts.Authority + "/oauth2/v2.0/logout"
	if method == http.MethodGet {
		return s.open(s.jar, method, address+"?"+values.Encode(), nil)
	}
	return s.open(s.jar, method, address, values)
}

func TestSignOutByGetAndPost(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		s := signedIn(t)
		s.signInAs(s.facts.User)
		res, page := s.logout(method)
		if res.StatusCode != 200 || !strings.Contains(page, "You signed out of your account") ||
			s.isSignedIn(s.facts.User) {
			t.Errorf("%s: got %d %s", method, res.StatusCode, page)
		}
	}
}

// TestSignOutPostFromAnotherSite sends no cookie with the post, as browsers do, and follows
// the redirect with it.
func TestSignOutPostFromAnotherSite(t *testing.T) {
	s := signedIn(t)
	s.signInAs(s.facts.User)
	form := url.Values{"post_logout_redirect_uri": {redirect}, "state": {"s"}}
	res, _ := s.open(newJar(t), http.MethodPost, s.facts.Authority+"/oauth2/v2.0/logout", form)
	next, err := res.Location()
	if err != nil || res.StatusCode != 303 {
		t.Fatalf("got %d: %v", res.StatusCode, err)
	}
	res, _ = s.open(s.jar, http.MethodGet, next.String(), nil)
	if got := res.Header.Get("Location"); got != redirect+"/?state=s" || s.isSignedIn(s.facts.User) {
		t.Errorf("got %d to %q", res.StatusCode, got)
	}
}

func TestSignOutReturnsOnlyToRegisteredAddresses(t *testing.T) {
	s := signedIn(t)
	for next, want := range map[string]string{
		redirect:                           redirect,
		"http://localhost:3000/auth/other": "",
		"https://evil.example":             "",
		"//evil.example":                   "",
		"javascript:alert(1)":              "",
	} {
		s.signInAs(s.facts.User)
		res, page := s.logout(http.MethodGet, "post_logout_redirect_uri", next)
		if res.Header.Get("Location") != want || s.isSignedIn(s.facts.User) ||
			want == "" && strings.Contains(page, `href="`+next) {
			t.Errorf("%s: got %d to %q", next, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestSignOutAsksWhichAccount(t *testing.T) {
	s := signedIn(t)
	s.signInAs(s.facts.User)
	s.signInAs(eve)
	res, page := s.logout(http.MethodGet, "post_logout_redirect_uri", redirect, "state", "s")
	if res.StatusCode != 200 || !strings.Contains(page, "Which account do you want to sign out of?") ||
		!strings.Contains(page, eve) || !strings.Contains(page, s.facts.User) || !s.isSignedIn(eve) {
		t.Fatalf("got %d %s", res.StatusCode, page)
	}
	// What the page's form sends:
	res, _ = s.logout(http.MethodPost, "logout_hint", eve, "post_logout_redirect_uri", redirect, "state", "s")
	if res.Header.Get("Location") != redirect+"/?state=s" || s.isSignedIn(eve) || !s.isSignedIn(s.facts.User) {
		t.Errorf("got %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func TestSignOutByIDToken(t *testing.T) {
	s := signedIn(t)
	s.signInAs(s.facts.User)
	idToken := s.tokens(readScope).IDToken
	s.signInAs(eve)
	if _, page := s.logout(http.MethodGet, "id_token_hint", idToken+"x"); !strings.Contains(page, "Which account") {
		t.Errorf("with a forged token: got %s", page)
	}
	s.tenant.FastForward(2 * time.Hour) // the hint may have expired
	res, _ := s.logout(http.MethodGet, "id_token_hint", idToken, "post_logout_redirect_uri", redirect)
	if res.StatusCode != 302 || s.isSignedIn(s.facts.User) || !s.isSignedIn(eve) {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestSignOutAtCommon(t *testing.T) {
	s := signedIn(t)
	s.signInAs(s.facts.User)
	address := strings.TrimSuffix(s.facts.Authority, s.facts.TenantID) + "common/oauth2/v2.0/logout"
	if res, _ := s.open(s.jar, http.MethodGet, address, nil); res.StatusCode != 200 || s.isSignedIn(s.facts.User) {
		t.Errorf("got %d", res.StatusCode)
	}
}

// TestSignOutCallsTheLogoutURLs covers front-channel sign-out: of the apps that the user
// signed in to, and with the session that they know.
func TestSignOutCallsTheLogoutURLs(t *testing.T) {
	s := signedIn(t)
	app, err := s.tenant.AddApp(control.App{
		Name:         "shop",
		Public:       true,
		RedirectURIs: []string{redirect},
		LogoutURL:    "https://shop.example/signout?from=entra",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.signInAs(s.facts.User)
	if res, page := s.logout(http.MethodGet); strings.Contains(page, "<iframe") {
		t.Errorf("an app that was not used was called: got %d %s", res.StatusCode, page)
	}
	s.signInAs(s.facts.User)
	res, _ := s.open(s.jar, http.MethodGet,
		s.authorizeURL(readScope, "client_id", app.ID, "prompt", "none", "response_mode", "query"), nil)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	sid := to.Query().Get("session_state")
	res, page := s.logout(http.MethodGet, "post_logout_redirect_uri", redirect, "state", "s")
	issuer := url.QueryEscape(s.facts.Authority + "/v2.0")
	want := `<iframe src="https://shop.example/signout?from=entra&amp;iss=` + issuer + "&amp;sid=" + sid + `"`
	if sid == "" || !strings.Contains(page, want) ||
		!strings.Contains(page, `href="`+redirect+`/?state=s"`) ||
		!strings.Contains(res.Header.Get("Content-Security-Policy"), "; frame-src https://shop.example;") {
		t.Errorf("got %v %s", res.Header, page)
	}
}
