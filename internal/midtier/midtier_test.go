package midtier_test

import (
	"net/http"
	"net/http/httptest"
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

func TestATokenNeverGoesOverPlainHTTPToAnotherMachine(t *testing.T) {
	for _, address := range []string{"http://example.com", "ftp://localhost", "://", "localhost:3001"} {
		client := &midtier.Client{URL: address, HTTP: http.DefaultClient}
		if _, err := client.Update(t.Context(), "secret", profile.Change{}); fault.As(err).Kind != fault.Usage {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
