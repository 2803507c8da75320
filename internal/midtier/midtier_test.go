package midtier_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/profile"
)

func TestUpdateReturnsEveryFormOfAChallenge(t *testing.T) {
	const (
		// insufficient is Entra's challenge; the claims are {"access_token":{}}.
		insufficient = `Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`
		standard     = `Bearer error="insufficient_user_authentication", acr_values="c1"`
		claims       = `{"access_token":{}}`
		acrs         = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	)
	for _, c := range []struct {
		name   string
		status int
		header []string
		claims string     // of the challenge; empty if a fault is expected
		kind   fault.Kind // of the fault
	}{
		{"Entra's own", 401, []string{insufficient}, claims, 0},
		{"status 403, from an older API", 403, []string{insufficient}, claims, 0},
		{"RFC 9470's on another line", 401, []string{standard, insufficient}, claims, 0},
		{"another scheme on the same line", 401, []string{`Basic realm="x", ` + insufficient}, claims, 0},
		{"RFC 9470 alone", 401, []string{standard}, acrs, 0},
		{"expired token", 401, []string{`Bearer error="invalid_token"`}, "", fault.SignIn},
		{"401 without a header", 401, nil, "", fault.SignIn},
		{"403 without a header", 403, nil, "", fault.Denied},
		{"challenge with another status", 400, []string{insufficient}, "", fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent := r.Header.Get("Authorization") == "Bearer secret"
				if !sent || r.URL.Path != "/updateUserInfo" || r.Method != http.MethodPost {
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
			switch f := fault.As(err); {
			case c.claims == "" && (err == nil || f.Kind != c.kind || f.Advice() == ""):
				t.Errorf("got %v, %v", ch, err)
			case c.claims != "" && (err != nil || ch == nil || ch.Claims != c.claims):
				t.Errorf("got %+v, %v", ch, err)
			}
		})
	}
}

func TestUpdateFindsAChallengeThatAGatewayChanged(t *testing.T) {
	const (
		stepUp = `{"type":"https://github.com/profilectl/profilectl/problems/step-up","detail":"x"`
		claims = `{"access_token":{"acrs":{"value":"c1"}}}`
		header = `Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`
	)
	for _, c := range []struct {
		name, header, line, body string
		want                     *challenge.Challenge
		kind                     fault.Kind
		what                     string // part of the fault
	}{
		{
			name: "renamed by AWS API Gateway", header: "X-Amzn-Remapped-Www-Authenticate", line: header,
			want: &challenge.Challenge{Claims: `{"access_token":{}}`},
		},
		{
			name: "removed, but in the document",
			body: stepUp + `,"claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}"}`,
			want: &challenge.Challenge{Claims: claims},
		},
		{
			name: "a fresh sign-in in the document", body: stepUp + `,"claims":"{}","maxAge":600}`,
			want: &challenge.Challenge{MaxAge: 10 * time.Minute},
		},
		{name: "no particular claims", body: stepUp + `,"claims":"{}"}`, want: &challenge.Challenge{}},
		{
			name: "removed from an older mid-tier", body: stepUp + `}`,
			kind: fault.Denied, what: "removes the challenge",
		},
		{
			name: "invalid claims in the document", body: stepUp + `,"claims":"c1","maxAge":-1}`,
			kind: fault.Denied, what: "removes the challenge",
		},
		{
			name: "removed with the document", body: `{"message":"Unauthorized"}`,
			kind: fault.SignIn, what: "may remove the challenge",
		},
		{
			name: "claims of another API", body: `{"type":"about:blank","claims":"{}"}`,
			kind: fault.SignIn, what: "may remove the challenge",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set(c.header, c.line)
				}
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = io.WriteString(w, c.body)
			}))
			defer api.Close()
			client := &midtier.Client{URL: api.URL, HTTP: api.Client()}
			ch, err := client.Update(t.Context(), "secret", profile.Change{})
			if c.want != nil {
				if err != nil || ch == nil || *ch != *c.want {
					t.Errorf("got %+v, %v", ch, err)
				}
				return
			}
			if f := fault.As(err); f.Kind != c.kind || !strings.Contains(f.What, c.what) || f.Advice() == "" {
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
		{
			"captive portal", "text/html; charset=utf-8", "<h1>Welcome</h1>", 200,
			" answered with HTTP status 200 and a body of the type text/html",
		},
		{
			"failure of the sample", "application/json", `{"message":"Failed, try again"}`, 200,
			" answered with HTTP status 200 and a body of the type application/json",
		},
		{"created resource", "", "", 201, " answered with HTTP status 201 and an empty body"},
		{"queue", "", "", 202, " answered with HTTP status 202 and an empty body"},
		{"partial response", "text/plain", "x", 206, " answered with HTTP status 206"},
		{"redirect to a sign-in page", "", "", 302, " answered with HTTP status 302"},
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

// noRequests rejects all requests and fails the test.
type noRequests struct{ t *testing.T }

func (n noRequests) RoundTrip(req *http.Request) (*http.Response, error) {
	n.t.Errorf("a token was sent to %s", req.URL)
	return nil, errors.New("no request is expected")
}

func TestUpdateSendsNoTokenOverPlainHTTPToAnotherMachine(t *testing.T) {
	for _, address := range []string{
		"http://example.com", "http://127.evil.example", "ftp://localhost", "://", "localhost:3001",
	} {
		client := &midtier.Client{URL: address, HTTP: &http.Client{Transport: noRequests{t}}}
		if _, err := client.Update(t.Context(), "secret", profile.Change{}); fault.As(err).Kind != fault.Usage {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
