package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const spaOrigin = "http://localhost:5173"

// spa is a single-page app whose scripts run at an origin.
type spa struct {
	*client
	app control.App
}

func newSPA(t *testing.T) *spa {
	t.Helper()
	s := &spa{client: newClient(t, sandbox.Config{})}
	var err error
	if s.app, err = s.tenant.AddApp(control.App{Name: "spa", SPARedirectURIs: []string{spaOrigin}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// authorize signs the user in with the app and returns a code.
func (s *spa) authorize(pairs ...string) string {
	s.t.Helper()
	s.signIn(readScope, append([]string{"client_id", s.app.ID, "redirect_uri", spaOrigin}, pairs...)...)
	return s.code()
}

// post sends a request to the token endpoint, as a script of the origin does, or without an
// origin.
func (s *spa) post(origin string, pairs ...string) (result, http.Header) {
	s.t.Helper()
	form := url.Values{"client_id": {s.app.ID}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	res := s.send(http.MethodPost, s.facts.Authority+"/oauth2/v2.0/token", form.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded",
		"Origin":       origin,
	})
	return s.read(res), res.Header
}

func (s *spa) redeem(origin, code string, pairs ...string) result {
	s.t.Helper()
	got, _ := s.post(origin, append([]string{
		"grant_type", "authorization_code",
		"code", code,
		"redirect_uri", spaOrigin,
		"code_verifier", verifier,
	}, pairs...)...)
	return got
}

func (s *spa) refresh(origin, token string) result {
	s.t.Helper()
	got, _ := s.post(origin, "grant_type", "refresh_token", "refresh_token", token, "scope", readScope)
	return got
}

// send sends a request with headers; an empty value leaves a header out.
func (c *client) send(method, address, body string, headers map[string]string) *http.Response {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range headers {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := c.tenant.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return res
}

func TestSPARedeemsItsCodeAcrossOrigins(t *testing.T) {
	s := newSPA(t)
	code := s.authorize()
	s.wantError(s.redeem("", code), 400, 9002327)
	got := s.redeem(spaOrigin, code) // which the refusal left valid
	if got.Status != 200 || got.RefreshToken == "" {
		t.Fatalf("got %+v", got)
	}
	s.wantError(s.refresh("", got.RefreshToken), 400, 9002327)
	if next := s.refresh(spaOrigin, got.RefreshToken); next.Status != 200 {
		t.Errorf("refresh: got %+v", next)
	}
}

func TestSPARequiresPKCE(t *testing.T) {
	s := newSPA(t)
	for _, pairs := range [][]string{
		{"code_challenge", "", "code_challenge_method", ""},
		{"code_challenge_method", ""},
	} {
		s.authorize(pairs...)
		if got := s.response.Get("error_description"); !strings.HasPrefix(got, "AADSTS9002325: ") {
			t.Errorf("%q: got %v", pairs, s.response)
		}
	}
}

// TestOriginHeaderIsRefusedForOtherClients covers codes and refresh tokens of other platforms,
// and credentials, which must not be in a browser.
func TestOriginHeaderIsRefusedForOtherClients(t *testing.T) {
	s := newSPA(t)
	s.signIn(readScope)
	got, _ := s.post(spaOrigin, "client_id", s.facts.ClientID, "grant_type", "authorization_code",
		"code", s.code(), "redirect_uri", redirect, "code_verifier", verifier)
	s.wantError(got, 400, 9002326)

	first := s.tokens(readScope)
	got, _ = s.post(spaOrigin, "client_id", s.facts.ClientID,
		"grant_type", "refresh_token", "refresh_token", first.RefreshToken)
	s.wantError(got, 400, 9002326)

	got, _ = s.post(spaOrigin, "client_id", s.facts.WebClientID, "client_secret", s.facts.WebSecret,
		"grant_type", "client_credentials", "scope", "https://graph.microsoft.com/.default")
	s.wantError(got, 400, 9002326)

	s.wantError(s.redeem(spaOrigin, s.authorize(), "client_secret", "x"), 400, 9002326)
}

// TestSPACannotActAsAConfidentialClient registers both platforms for one app.
func TestSPACannotActAsAConfidentialClient(t *testing.T) {
	s := newSPA(t)
	const web = "http://localhost:5173/signin"
	var err error
	s.app, err = s.tenant.AddApp(control.App{
		Name:            "both",
		RedirectURIs:    []string{web},
		SPARedirectURIs: []string{spaOrigin},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.wantError(s.redeem("", s.authorize("redirect_uri", web), "redirect_uri", web), 401, 7000218)
	s.wantError(s.redeem(spaOrigin, s.authorize("redirect_uri", web), "redirect_uri", web), 400, 9002326)
	got := s.redeem("", s.authorize("redirect_uri", web), "redirect_uri", web, "client_secret", s.app.Secret)
	if got.Status != 200 {
		t.Errorf("with the secret: got %+v", got)
	}
	if got := s.redeem(spaOrigin, s.authorize()); got.Status != 200 {
		t.Errorf("from the browser: got %+v", got)
	}
}

func TestSPARefreshTokensEndAfterADay(t *testing.T) {
	s := newSPA(t)
	got := s.redeem(spaOrigin, s.authorize())
	s.tenant.FastForward(23 * time.Hour)
	if got = s.refresh(spaOrigin, got.RefreshToken); got.Status != 200 {
		t.Fatalf("after 23 hours: got %+v", got)
	}
	s.tenant.FastForward(2 * time.Hour)
	s.wantError(s.refresh(spaOrigin, got.RefreshToken), 400, 700084)
}

func TestFragmentCarriesTheCode(t *testing.T) {
	s := newSPA(t)
	page := s.signIn(readScope, "client_id", s.app.ID, "redirect_uri", spaOrigin,
		"response_mode", "fragment", "client_info", "1")
	to, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	if s.code() == "" || s.response.Get("state") != "s" || s.response.Get("client_info") == "" ||
		s.response.Get("session_state") == "" || to.Fragment == "" || to.RawQuery != "" {
		t.Errorf("got %s", to)
	}
}

// TestCORSIsForRegisteredOrigins asks every route what scripts of an origin may do.
func TestCORSIsForRegisteredOrigins(t *testing.T) {
	s := newSPA(t)
	for path, shared := range map[string]bool{
		s.facts.Authority + "/v2.0/.well-known/openid-configuration": true,
		s.facts.Authority + "/discovery/v2.0/keys":                   true,
		s.facts.Authority + "/oauth2/v2.0/token":                     true,
		s.facts.Graph + "/v1.0/me":                                   true,
		s.facts.Graph + "/oidc/userinfo":                             true,
		s.facts.Authority + "/oauth2/v2.0/devicecode":                false,
		s.facts.Authority + "/oauth2/v2.0/authorize":                 false,
		s.facts.Authority + "/oauth2/v2.0/logout":                    false,
		s.facts.Mailbox:                false,
		s.facts.Pages + "/":            false,
		s.facts.Authority + "/control": false,
	} {
		for origin, registered := range map[string]bool{
			spaOrigin:                       true,
			"http://localhost:5174":         false,
			"https://localhost:5173":        false,
			"http://127.0.0.1:5173":         false,
			"http://localhost:5173.evil.io": false,
			"https://evil.example":          false,
			"null":                          false,
		} {
			want := ""
			if shared && registered {
				want = origin
			}
			preflight := s.send(http.MethodOptions, path, "", map[string]string{
				"Origin":                         origin,
				"Access-Control-Request-Method":  "POST",
				"Access-Control-Request-Headers": "authorization,content-type",
			})
			simple := s.send(http.MethodGet, path, "", map[string]string{"Origin": origin})
			for _, res := range []*http.Response{preflight, simple} {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if got := res.Header.Get("Access-Control-Allow-Origin"); got != want {
					t.Errorf("%s %s from %s: got origin %q, want %q", res.Request.Method, path, origin, got, want)
				}
			}
			if want != "" && (preflight.StatusCode != 204 ||
				preflight.Header.Get("Access-Control-Allow-Headers") != "authorization,content-type") {
				t.Errorf("preflight of %s: got %d %v", path, preflight.StatusCode, preflight.Header)
			}
		}
	}
	handler := s.tenant.Control("key")
	req := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, s.facts.Pages+"/control/facts", nil)
	req.Header.Set("Origin", spaOrigin)
	req.Header.Set("Access-Control-Request-Method", "GET")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	if w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("control API: got %d %v", w.Code, w.Header())
	}
}

// TestCORSExposesWhatClientsNeed also sees that errors and faults can be read.
func TestCORSExposesWhatClientsNeed(t *testing.T) {
	s := newSPA(t)
	s.tenant.FailNext(sandbox.Fault{Part: "token", Status: 429, RetryAfter: 7})
	_, header := s.post(spaOrigin, "grant_type", "refresh_token")
	if header.Get("Access-Control-Allow-Origin") != spaOrigin || header.Get("Vary") != "Origin" ||
		!strings.Contains(header.Get("Access-Control-Expose-Headers"), "Retry-After") ||
		header.Get("Retry-After") != "7" {
		t.Errorf("got %v", header)
	}
}

// TestCORSSharesTheErrorWithWebApps covers an app whose redirect URI is registered for the
// wrong platform: its script can read why the code is refused, and gets no more.
func TestCORSSharesTheErrorWithWebApps(t *testing.T) {
	s := newSPA(t)
	const origin = "http://localhost:3000" // of the seeded web app
	got, header := s.post(origin, "client_id", s.facts.WebClientID, "grant_type", "refresh_token", "refresh_token", "x")
	s.wantError(got, 400, 9002326)
	if header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("got %v", header)
	}
	if s.tenant.AllowsOrigin(origin) {
		t.Error("Graph and the mid-tier would allow the origin")
	}
}

// TestCORSAllowsEveryPortOfLocalhost covers a redirect URI that is registered without a port.
func TestCORSAllowsEveryPortOfLocalhost(t *testing.T) {
	s := newSPA(t)
	if s.tenant.AllowsOrigin("http://localhost:9") {
		t.Error("allowed before registration")
	}
	if _, err := s.tenant.AddApp(control.App{Name: "any", SPARedirectURIs: []string{"http://localhost"}}); err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		"http://localhost:9":      true,
		"http://localhost":        true,
		"http://localhost:9/":     false,
		"http://localhost.evil:9": false,
		"https://localhost:9":     false,
	} {
		if got := s.tenant.AllowsOrigin(origin); got != want {
			t.Errorf("%s: got %t", origin, got)
		}
	}
}
