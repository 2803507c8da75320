package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
)

const appOrigin = "https://app.contoso.com"

// fromScript sends a request as a script of an origin does. A method other than POST is
// that of a preflight request.
func (w *world) fromScript(t *testing.T, method, path, origin, token string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(howTo))
	req.Header.Set("Origin", origin)
	if method == http.MethodOptions {
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	} else {
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	return rec
}

func TestScriptsOfAnAllowedOriginMayCall(t *testing.T) {
	w := newWorld(t, func(s *serve.Settings) {
		s.AllowOrigin = func(origin string) bool { return origin == appOrigin }
	})
	for _, row := range []struct {
		name, method, path, origin, token string
		wantStatus                        int
		wantOrigin                        string
	}{
		{"a preflight request", "OPTIONS", "/updateUserInfo", appOrigin, "", 204, appOrigin},
		{"a change", "POST", "/updateUserInfo", appOrigin, w.strong, 204, appOrigin},
		{"a step-up", "POST", "/updateUserInfo", appOrigin, w.weak, 401, appOrigin},
		{"a rejected token", "POST", "/updateUserInfo", appOrigin, "x", 401, appOrigin},
		{"a preflight request of another origin", "OPTIONS", "/updateUserInfo", "https://evil.example", "", 204, ""},
		{"a change of another origin", "POST", "/updateUserInfo", "https://evil.example", w.strong, 204, ""},
		{"another scheme", "POST", "/updateUserInfo", "http://app.contoso.com", w.strong, 204, ""},
		{"another port", "POST", "/updateUserInfo", appOrigin + ":8443", w.strong, 204, ""},
		{"no origin", "POST", "/updateUserInfo", "null", w.strong, 204, ""},
		{"another route", "OPTIONS", "/openapi.yaml", appOrigin, "", 404, ""},
	} {
		got := w.fromScript(t, row.method, row.path, row.origin, row.token)
		if origin := got.Header().Get("Access-Control-Allow-Origin"); origin != row.wantOrigin ||
			got.Code != row.wantStatus || got.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %d %v", row.name, got.Code, got.Header())
		}
	}
	challenge := w.fromScript(t, http.MethodPost, "/updateUserInfo", appOrigin, w.weak).Header()
	exposed := strings.ToLower(challenge.Get("Access-Control-Expose-Headers"))
	if challenge.Get("WWW-Authenticate") == "" || challenge.Get("Vary") != "Origin" ||
		!strings.Contains(exposed, "www-authenticate") || !strings.Contains(exposed, "retry-after") {
		t.Errorf("got %v", challenge)
	}
}

func TestScriptsMayNotCallByDefault(t *testing.T) {
	w := newWorld(t)
	got := w.fromScript(t, http.MethodOptions, "/updateUserInfo", appOrigin, "")
	if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("got %d %v", got.Code, got.Header())
	}
}
