package midtier_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/profile"
)

// insufficient is Entra's challenge; the claims are {"access_token":{}}.
const insufficient = `Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`

func TestUpdateUnderstandsEveryFormOfAChallenge(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		header []string
		claims string // wanted; empty for a challenge without
		kind   fault.Kind
	}{
		{"Entra's own", 401, []string{insufficient}, `{"access_token":{}}`, 0},
		{"an older API's, with 403", 403, []string{insufficient}, `{"access_token":{}}`, 0},
		{"beside RFC 9470's, on another line", 401, []string{`Bearer error="insufficient_user_authentication", acr_values="c1"`, insufficient}, `{"access_token":{}}`, 0},
		{"beside another scheme, on one line", 401, []string{`Basic realm="x", ` + insufficient}, `{"access_token":{}}`, 0},
		{"RFC 9470 alone", 401, []string{`Bearer error="insufficient_user_authentication", acr_values="c1"`}, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`, 0},
		{"an expired token", 401, []string{`Bearer error="invalid_token"`}, "", fault.SignIn},
		{"no header at all", 401, nil, "", fault.SignIn},
		{"a plain no", 403, nil, "", fault.Denied},
		{"a challenge with another status", 400, []string{insufficient}, "", fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/updateUserInfo" || r.Method != http.MethodPost {
					t.Errorf("got %s %s", r.Method, r.URL.Path)
				}
				w.Header()["Www-Authenticate"] = c.header
				w.WriteHeader(c.status)
			}))
			defer api.Close()
			change := profile.Change{}
			if err := change.Set("city", "Bern"); err != nil {
				t.Fatal(err)
			}
			client := &midtier.Client{URL: api.URL, HTTP: api.Client()}
			ch, err := client.Update(t.Context(), "secret", change)
			switch {
			case c.claims == "" && (err == nil || fault.As(err).Kind != c.kind || fault.As(err).Fix == ""):
				t.Errorf("got %v, %v", ch, err)
			case c.claims != "" && (err != nil || ch == nil || ch.Claims != c.claims):
				t.Errorf("got %+v, %v", ch, err)
			}
		})
	}
}

func TestUpdateSucceedsWith204Only(t *testing.T) {
	for _, c := range []struct {
		name, media, body string
		status            int
		what              string // of the fault, after the host
	}{
		{"a captive portal", "text/html; charset=utf-8", "<h1>Welcome</h1>", 200, " answered with HTTP status 200 and a body of the type text/html"},
		{"the sample's failure", "application/json", `{"message":"Failed, try again"}`, 200, " answered with HTTP status 200 and a body of the type application/json"},
		{"a created resource", "", "", 201, " answered with HTTP status 201 and an empty body"},
		{"a queue", "", "", 202, " answered with HTTP status 202 and an empty body"},
		{"a partial answer", "text/plain", "x", 206, " answered with HTTP status 206"},
		{"a redirect to a sign-in page", "", "", 302, " answered with HTTP status 302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.media)
				w.Header().Set("Location", "/portal")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer api.Close()
			httpClient := *api.Client()
			httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			client := &midtier.Client{URL: api.URL, HTTP: &httpClient}
			_, err := client.Update(t.Context(), "secret", profile.Change{})
			f := fault.As(err)
			if f.Kind != fault.Unavailable || !strings.Contains(f.What, c.what) || f.Fix == "" {
				t.Errorf("got %v %q", f.Kind, f.What)
			}
		})
	}
}

func TestATokenNeverGoesOverPlainHTTPToAnotherMachine(t *testing.T) {
	for _, address := range []string{"http://example.com", "ftp://localhost", "://", "localhost:3001"} {
		client := &midtier.Client{URL: address, HTTP: http.DefaultClient}
		if _, err := client.Update(t.Context(), "secret", profile.Change{}); fault.As(err).Kind != fault.Usage {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
