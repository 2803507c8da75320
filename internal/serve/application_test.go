package serve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/serve"
)

const (
	applicationID = "77777777-8888-4999-8000-111111111111"
	extension     = "extension_0123456789abcdef0123456789abcdef_"
	// attributesFile has an attribute of each type, and one that users can only see.
	attributesFile = `attributes:
- {name: ` + extension + `LoyaltyNumber, label: Loyalty number, type: string, max: 250, edit: true, clear: true}
- {name: ` + extension + `Newsletter, label: Newsletter, type: boolean, edit: true}
- {name: ` + extension + `Children, label: Children, type: integer, min: 0, max: 20, edit: true, clear: true}
- {name: ` + extension + `Serial, label: Serial, type: integer, edit: true}
- {name: ` + extension + `Points, label: Points, type: integer}
- name: ` + extension + `Diet
  label: Diet
  type: choice
  values: [{value: vegan, label: Vegan}, {value: none}]
  edit: true
  clear: true
- name: ` + extension + `Interests
  label: Interests
  type: choices
  values: [{value: books}, {value: music}, {value: sport}]
  edit: true
`
)

// application is the second registration: it answers the requests with which the mid-tier
// acquires a token for itself, and Graph's PATCH of a user. Everything else goes to the
// tenant.
type application struct {
	next http.RoundTripper

	mu      sync.Mutex
	tokens  int             // that were requested
	paths   []string        // of the PATCH requests
	bodies  []string        // of the PATCH requests
	refusal string          // the body of a 401 response to token requests; empty issues tokens
	patch   func(int) reply // the response to the n-th PATCH, from 1; nil is 204
	away    error           // instead of a response to a PATCH
}

// reply is a response of Graph.
type reply struct {
	status int
	body   string
}

func (a *application) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(raw), "grant_type=client_credentials") {
			return a.issue(r, string(raw)), nil
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
	}
	if strings.Contains(r.URL.Path, "/users/") {
		return a.change(r)
	}
	return a.next.RoundTrip(r)
}

func (a *application) issue(r *http.Request, form string) *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens++
	for _, want := range []string{"client_id=" + applicationID, "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"} {
		if !strings.Contains(form, want) {
			return response(r, 400, `{"error":"invalid_request"}`)
		}
	}
	if a.refusal != "" {
		return response(r, 401, a.refusal)
	}
	token := "app-" + strconv.Itoa(a.tokens)
	return response(r, 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"`+token+`"}`)
}

func (a *application) change(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.paths, a.bodies = append(a.paths, r.Method+" "+r.URL.Path), append(a.bodies, string(raw))
	n := len(a.paths)
	a.mu.Unlock()
	if a.away != nil {
		return nil, a.away
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer app-") {
		return response(r, 401, `{"error":{"code":"InvalidAuthenticationToken"}}`), nil
	}
	if a.patch == nil {
		return response(r, 204, ""), nil
	}
	next := a.patch(n)
	return response(r, next.status, next.body), nil
}

func response(r *http.Request, status int, body string) *http.Response {
	res := httptest.NewRecorder()
	res.Header().Set("Content-Type", "application/json")
	res.WriteHeader(status)
	_, _ = res.WriteString(body)
	result := res.Result()
	result.Request = r
	return result
}

// sent returns the bodies that Graph received from the application.
func (a *application) sent() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.bodies)
}

// issuedTokens returns how many tokens were requested.
func (a *application) issuedTokens() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens
}

// newAttributesWorld returns a mid-tier with custom attributes, its second registration,
// and the path of the file that lists the attributes.
func newAttributesWorld(t *testing.T, changes ...func(*serve.Settings)) (*world, *application, string) {
	t.Helper()
	dir := t.TempDir()
	file, secret := filepath.Join(dir, "attributes.yaml"), filepath.Join(dir, "secret")
	writeText(t, file, attributesFile)
	writeText(t, secret, "second secret\n")
	app := &application{}
	with := func(s *serve.Settings) {
		app.next = s.HTTP.Transport
		s.HTTP = &http.Client{Transport: app}
		s.Attributes = serve.AttributesSettings{
			File:       file,
			ClientID:   applicationID,
			Credential: serve.CredentialSettings{SecretFile: secret},
		}
	}
	return newWorld(t, append([]func(*serve.Settings){with}, changes...)...), app, file
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// objectID returns the oid of an access token.
func objectID(t *testing.T, token string) string {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	id, _ := claims["oid"].(string)
	return id
}
