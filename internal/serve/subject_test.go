package serve_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// Without the scope profile, a token has no oid, name or preferred_username. MSAL always
// requests that scope, so the test plays a client that does not.
func TestUpdateAcceptsTokensWithoutTheScopeProfile(t *testing.T) {
	w := newWorld(t, func(s *serve.Settings) { s.Rate = 2 })
	token := w.tokenForScopeAlone(t, w.tenant.Facts().EditScope)
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"oid", "name", "preferred_username"} {
		if claims[name] != nil {
			t.Errorf("the token has %s", name)
		}
	}
	for _, status := range []int{http.StatusNoContent, http.StatusNoContent, http.StatusTooManyRequests} {
		if res := w.post(howTo, token); res.Code != status {
			t.Errorf("got %d %s, want %d", res.Code, res.Body, status)
		}
	}
}

// tokenForScopeAlone signs in with one scope and no scope of OpenID Connect, and returns
// the access token.
func (w *world) tokenForScopeAlone(t *testing.T, scope string) string {
	t.Helper()
	const verifier, redirect = "a-verifier-of-at-least-forty-three-characters-0123", "http://localhost:1"
	f := w.tenant.Facts()
	sum := sha256.Sum256([]byte(verifier))
	code := ""
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Hostname() != "localhost" {
			return w.client.Transport.RoundTrip(r)
		}
		code = r.URL.Query().Get("code")
		res := httptest.NewRecorder().Result()
		res.Request = r
		return res, nil
	})
	browser, err := robot.New(robot.User{
		Email:    f.User,
		Password: f.Password,
		Code:     func(context.Context) (string, error) { return w.tenant.Mail("")[0].Code, nil },
	}, transport)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := browser.Open(t.Context(), f.Authority+"/oauth2/v2.0/authorize?"+url.Values{
		"client_id":             {f.ClientID},
		"redirect_uri":          {redirect},
		"response_type":         {"code"},
		"scope":                 {scope},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}.Encode()); err != nil {
		t.Fatal(err)
	}
	res, err := w.client.PostForm(f.Authority+"/oauth2/v2.0/token", url.Values{
		"client_id":     {f.ClientID},
		"grant_type":    {"authorization_code"},
		"redirect_uri":  {redirect},
		"code":          {code},
		"code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || strings.Count(got.Token, ".") != 2 {
		t.Fatalf("no token: %v", err)
	}
	return got.Token
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
