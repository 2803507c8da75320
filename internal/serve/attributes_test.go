package serve_test

import (
	"encoding/json"
	"io"
	"log/slog"
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

	"github.com/profilectl/profilectl/internal/profile"
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
	return response(r, 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"app-`+strconv.Itoa(a.tokens)+`"}`)
}

func (a *application) change(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paths, a.bodies = append(a.paths, r.Method+" "+r.URL.Path), append(a.bodies, string(raw))
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer app-") {
		return response(r, 401, `{"error":{"code":"InvalidAuthenticationToken"}}`), nil
	}
	if a.patch == nil {
		return response(r, 204, ""), nil
	}
	next := a.patch(len(a.paths))
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

func TestUpdateChangesBothKindsOfFields(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	body := `{"displayName":"Ada L.","` + extension + `Newsletter":true,"` + extension + `Children":2,"` +
		extension + `LoyaltyNumber":" 4711 ","` + extension + `Interests":"music,books"}`
	for range 2 { // a replayed request has the same result
		if res := w.post(body, w.strong); res.Code != http.StatusNoContent || res.Body.Len() != 0 {
			t.Fatalf("got %d %s", res.Code, res.Body)
		}
	}
	if name := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]; name != "Ada L." {
		t.Errorf("the name is %s", name)
	}
	want := `{"` + extension + `LoyaltyNumber":"4711","` + extension + `Newsletter":true,"` +
		extension + `Children":2,"` + extension + `Interests":"books,music"}`
	if got := app.sent(); !slices.Equal(got, []string{want, want}) {
		t.Errorf("Graph received %q, want %q twice", got, want)
	}
	if path := "PATCH /v1.0/users/" + objectID(t, w.strong); app.paths[0] != path {
		t.Errorf("Graph received %s, want %s", app.paths[0], path)
	}
	if n := app.issuedTokens(); n != 1 {
		t.Errorf("%d tokens were requested, want 1", n)
	}
}

func TestUpdateOfAttributesAloneIsExchangedToo(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	before := w.exchanges()
	if res := w.post(`{"`+extension+`Diet":null}`, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if n := w.exchanges() - before; n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	if got := app.sent(); !slices.Equal(got, []string{`{"` + extension + `Diet":null}`}) {
		t.Errorf("Graph received %q", got)
	}
	res := w.post(`{"`+extension+`Diet":"vegan"}`, w.weak)
	if res.Code != http.StatusUnauthorized || !strings.Contains(res.Header().Get("WWW-Authenticate"), "insufficient_claims") {
		t.Errorf("without a second factor: got %d %v", res.Code, res.Header())
	}
	if len(app.sent()) != 1 {
		t.Error("an attribute was changed without a second factor")
	}
}

func TestUpdateOfBuiltInFieldsDoesNotUseTheSecondCredential(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if app.issuedTokens() != 0 || len(app.sent()) != 0 {
		t.Errorf("%d tokens were requested, and Graph received %q", app.issuedTokens(), app.sent())
	}
}

// TestUpdateRejectsHostileAttributes sends what clients, and JavaScript above all, confuse.
func TestUpdateRejectsHostileAttributes(t *testing.T) {
	w, app, _ := newAttributesWorld(t, rate(0))
	before := w.upstreamCalls()
	one := func(name, value string) string { return `{"` + extension + name + `":` + value + `}` }
	for _, c := range []struct{ name, body, detail string }{
		{"an attribute that is not in the file", one("Secret", `"x"`), "not a field you may change"},
		{"an attribute of another app", strings.Replace(one("Diet", `"vegan"`), "0123", "ffff", 1), "not a field you may change"},
		{"a short name", `{"Diet":"vegan"}`, "not a field you may change"},
		{"another case", one("diet", `"vegan"`), "not a field you may change"},
		{"a look-alike", one("D\u0456et", `"vegan"`), "not a field you may change"},
		{"an escaped look-alike", one(`D\u0131et`, `"vegan"`), "not a field you may change"},
		{"a name with a blank", one("Diet ", `"vegan"`), "not a field you may change"},
		{"the id of another user", `{"id":"11111111-2222-4333-8444-555555555555","displayName":"x"}`, "not a field you may change"},
		{"the oid of another user", `{"oid":"11111111-2222-4333-8444-555555555555","displayName":"x"}`, "not a field you may change"},
		{"accountEnabled", `{"accountEnabled":false}`, "not a field you may change"},
		{"a type annotation", `{"@odata.type":"#microsoft.graph.user","displayName":"x"}`, "not a field you may change"},
		{"an attribute that can only be seen", one("Points", "5"), "Points cannot be changed"},
		{"clearing what cannot be cleared", one("Newsletter", "null"), "Newsletter cannot be cleared"},
		{"a boolean as text", one("Newsletter", `"true"`), "Newsletter is not a boolean"},
		{"a boolean as a number", one("Newsletter", "1"), "Newsletter is not a boolean"},
		{"a boolean as a list", one("Newsletter", "[]"), "Newsletter is not a boolean"},
		{"an integer as text", one("Children", `"2"`), "Children is not an integer"},
		{"an integer with a fraction", one("Children", "2.0"), "Children is not an integer"},
		{"an integer with an exponent", one("Children", "1e1"), "Children is not an integer"},
		{"a negative zero", one("Children", "-0"), "Children is not an integer"},
		{"an integer as a boolean", one("Children", "true"), "Children is not an integer"},
		{"a leading zero", one("Children", "02"), "the body is not one JSON object"},
		{"NaN", one("Children", "NaN"), "the body is not one JSON object"},
		{"an integer above the limit", one("Children", "21"), "Children is greater than 20"},
		{"an integer below the limit", one("Children", "-1"), "Children is less than 0"},
		{"an integer that JavaScript rounds", one("Serial", "9007199254740993"), "Serial is greater than 9007199254740991"},
		{"an integer of 65 bits", one("Serial", "9223372036854775808"), "Serial is not an integer"},
		{"a text as a number", one("LoyaltyNumber", "4711"), "LoyaltyNumber is not a string"},
		{"a text as an object", one("LoyaltyNumber", "{}"), "LoyaltyNumber is not a string"},
		{"a text of 251 characters", one("LoyaltyNumber", `"`+strings.Repeat("a", 251)+`"`), "LoyaltyNumber has 251 characters"},
		{"a text of 126 emoji", one("LoyaltyNumber", `"`+strings.Repeat("\U0001F600", 126)+`"`), "LoyaltyNumber has 252 characters"},
		{"a control character", one("LoyaltyNumber", `"a\u0007"`), "LoyaltyNumber contains a control"},
		{"an unpaired surrogate", one("LoyaltyNumber", `"\ud800"`), "LoyaltyNumber is not valid Unicode"},
		{"a choice that does not exist", one("Diet", `"meat"`), "Diet is not one of the choices"},
		{"a choice in another case", one("Diet", `"Vegan"`), "Diet is not one of the choices"},
		{"a choice twice", one("Interests", `"books,books"`), "Interests has a choice twice"},
		{"an empty choice", one("Interests", `"books,"`), "Interests has a value that is not one of the choices"},
		{"choices as a list", one("Interests", `["books"]`), "Interests is not a string"},
		{"a duplicate", `{"` + extension + `Children":1,"` + extension + `Children":2}`, "Children is given twice"},
		{"an escaped duplicate", `{"` + extension + `Children":1,"` + extension + `\u0043hildren":2}`, "Children is given twice"},
		{"a valid field and an invalid attribute", `{"displayName":"x","` + extension + `Children":21}`, "Children is greater than 20"},
		{"a prototype", `{"__proto__":{"displayName":"x"}}`, "not a field you may change"},
	} {
		res := w.post(c.body, w.strong)
		if p := readProblem(t, res); res.Code != http.StatusBadRequest || !strings.Contains(p.Detail, c.detail) || p.Fix == "" {
			t.Errorf("%s: got %d %+v, want %q", c.name, res.Code, p, c.detail)
		}
	}
	if calls := w.upstreamCalls() - before; calls != 0 || app.issuedTokens() != 0 || len(app.sent()) != 0 {
		t.Errorf("invalid changes led to %d calls, %d tokens and %q", calls, app.issuedTokens(), app.sent())
	}
}

// TestUpdateAcceptsTheLongestText: 250 UTF-16 code units.
func TestUpdateAcceptsTheLongestText(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	res := w.post(`{"`+extension+`LoyaltyNumber":"`+strings.Repeat("\U0001F600", 125)+`"}`, w.strong)
	if res.Code != http.StatusNoContent || len(app.sent()) != 1 {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
}

func TestUpdateRefusesAttributesWithoutAnObjectID(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	token := w.tokenForScopeAlone(t, w.tenant.Facts().EditScope)
	res := w.post(`{"`+extension+`Children":1,"displayName":"x"}`, token)
	if p := readProblem(t, res); res.Code != http.StatusForbidden || !strings.Contains(p.Detail, "(oid)") ||
		!strings.Contains(p.Fix, "scope profile") {
		t.Errorf("got %d %+v", res.Code, p)
	}
	if res := w.post(howTo, token); res.Code != http.StatusNoContent {
		t.Errorf("built-in fields: got %d %s", res.Code, res.Body)
	}
	if app.issuedTokens() != 0 {
		t.Error("the application was used")
	}
}

// partialProblem is the problem document of an edit of which only a part was made.
type partialProblem struct {
	problem
	Applied, NotApplied []string
}

func TestUpdateReportsWhatWasAppliedAndWhatWasNot(t *testing.T) {
	const body = `{"city":"Turin","` + extension + `Children":1,"displayName":"Ada L."}`
	for _, c := range []struct {
		name   string
		reply  reply
		detail string
		fix    string
	}{
		{
			"the permission was removed", reply{403, `{"error":{"code":"Authorization_RequestDenied"}}`},
			"only a part of the change was made: the service is misconfigured",
			"contact its operator and give the correlation id",
		},
		{
			"Graph rejects the value", reply{400, `{"error":{"code":"Request_BadRequest"}}`},
			"only a part of the change was made: Microsoft Graph rejected a value (Request_BadRequest)", "check the values",
		},
		{
			"Graph fails", reply{500, ""},
			"only a part of the change was made: Microsoft Graph is out of order or overloaded (HTTP status 500)",
			"try again in a minute",
		},
		{
			"Graph rejects the token", reply{401, `{"error":{"code":"InvalidAuthenticationToken"}}`},
			"only a part of the change was made: Microsoft Graph does not accept the access token (InvalidAuthenticationToken)",
			"try again in a minute",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			audit := filepath.Join(t.TempDir(), "audit")
			w, app, _ := newAttributesWorld(t, func(s *serve.Settings) { s.AuditLog = audit })
			app.patch = func(int) reply { return c.reply }
			res := w.post(body, w.strong)
			var p partialProblem
			if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if res.Code != http.StatusBadGateway || p.Detail != c.detail || p.Fix != c.fix {
				t.Errorf("got %d %+v", res.Code, p)
			}
			if !slices.Equal(p.Applied, []string{"displayName", "city"}) || !slices.Equal(p.NotApplied, []string{extension + "Children"}) {
				t.Errorf("applied %q, not applied %q", p.Applied, p.NotApplied)
			}
			raw, err := os.ReadFile(audit)
			if err != nil || !strings.Contains(string(raw), `"outcome":"partial","applied":["displayName","city"]`) {
				t.Errorf("the audit log says %s, %v", raw, err)
			}
			const series = `profilectl_requests_total{outcome="partial",route="POST /updateUserInfo",status="502"} 1`
			if !strings.Contains(w.admin("/metrics"), series) {
				t.Errorf("the metrics lack %s", series)
			}
			app.patch = nil
			if res := w.post(body, w.strong); res.Code != http.StatusNoContent {
				t.Errorf("repeated: got %d %s", res.Code, res.Body)
			}
		})
	}
}

// TestUpdateTellsTheOperatorWhatToGrant: a permission that was removed is logged once with
// the fix, the metrics show it, and built-in fields can still be changed.
func TestUpdateTellsTheOperatorWhatToGrant(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	const body = `{"` + extension + `Children":1}`
	app.patch = func(int) reply { return reply{403, `{"error":{"code":"Authorization_RequestDenied"}}`} }
	for range 2 {
		res := w.post(body, w.strong)
		if p := readProblem(t, res); res.Code != http.StatusBadGateway || p.Detail != misconfigured {
			t.Errorf("got %d %+v", res.Code, p)
		}
	}
	const degraded = `profilectl_degraded{part="custom attributes"} `
	log := w.log.String()
	if strings.Count(log, `"msg":"custom attributes cannot be changed"`) != 1 ||
		!strings.Contains(log, "grant attributes-client-id the application permission User.ReadWrite.All") {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), degraded+"1\n") || !strings.Contains(w.admin("/readyz?verbose"), "ready\ndegraded: custom attributes\n") {
		t.Errorf("the metrics are %s", w.admin("/metrics"))
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("built-in fields: got %d %s", res.Code, res.Body)
	}
	app.patch = nil
	if res := w.post(body, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("after the permission was granted: got %d %s", res.Code, res.Body)
	}
	if !strings.Contains(w.admin("/metrics"), degraded+"0\n") ||
		!strings.Contains(w.log.String(), "custom attributes can be changed again") {
		t.Error("the recovery is not reported")
	}
}

// TestUpdateChangesNothingIfTheApplicationIsRejected: its token is acquired first.
func TestUpdateChangesNothingIfTheApplicationIsRejected(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	app.refusal = `{"error":"invalid_client","error_codes":[7000222]}`
	before := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]
	res := w.post(`{"displayName":"Ada L.","`+extension+`Children":1}`, w.strong)
	if p := readProblem(t, res); res.Code != http.StatusBadGateway || p.Detail != misconfigured {
		t.Errorf("got %d %+v", res.Code, p)
	}
	if after := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]; after != before || len(app.sent()) != 0 {
		t.Errorf("the name is %q, and Graph received %q", after, app.sent())
	}
	if log := w.log.String(); !strings.Contains(log, "custom attributes cannot be changed") || !strings.Contains(log, "AADSTS7000222") {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/readyz"), "ready\n") {
		t.Error("the mid-tier is not ready")
	}
}

func TestSchemaReturnsTheFields(t *testing.T) {
	w, _, _ := newAttributesWorld(t)
	res := w.schema(w.strong)
	if res.Code != http.StatusOK || res.Header().Get("Content-Type") != "application/schema+json" {
		t.Fatalf("got %d %v", res.Code, res.Header())
	}
	schema, err := profile.ParseSchema(res.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(schema.Fields()); n != 17 {
		t.Errorf("got %d fields", n)
	}
	version := res.Header().Get("Profile-Schema")
	if version != schema.Version() || version == profile.BuiltIn().Version() {
		t.Errorf("the header has version %q, the schema %q", version, schema.Version())
	}
	for name, res := range map[string]*httptest.ResponseRecorder{
		"a schema without a token":  w.schema(""),
		"a change without a token":  w.post(howTo, ""),
		"a change":                  w.post(howTo, w.strong),
		"an invalid change":         w.post(`{}`, w.strong),
		"a change with a challenge": w.post(howTo, w.weak),
		"another method":            w.post(howTo, w.strong, func(r *http.Request) { r.Method = http.MethodPut }),
	} {
		if got := res.Header().Get("Profile-Schema"); got != version {
			t.Errorf("%s: the header has version %q, want %q", name, got, version)
		}
	}
}

func (w *world) schema(token string) *httptest.ResponseRecorder {
	return w.post("", token, func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, "/schema" })
}

func TestSchemaOfAMidTierWithoutAttributesHasTheBuiltInFields(t *testing.T) {
	w := newWorld(t, rate(2))
	res := w.schema(w.strong)
	if res.Code != http.StatusOK || res.Body.String() != string(profile.BuiltIn().JSON()) ||
		res.Header().Get("Profile-Schema") != profile.BuiltIn().Version() {
		t.Errorf("got %d %v %s", res.Code, res.Header(), res.Body)
	}
	if res := w.schema(w.graph); res.Code != http.StatusUnauthorized {
		t.Errorf("with a token for another API: got %d", res.Code)
	}
	w.schema(w.strong)
	if res := w.schema(w.strong); res.Code != http.StatusTooManyRequests {
		t.Errorf("beyond the limit of a user: got %d", res.Code)
	}
	post := w.post("", w.strong, func(r *http.Request) { r.URL.Path = "/schema" })
	if post.Code != http.StatusMethodNotAllowed || post.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("with POST: got %d %v", post.Code, post.Header())
	}
}

func TestReloadUsesChangedAttributesAtOnce(t *testing.T) {
	w, _, file := newAttributesWorld(t)
	reload := func() { w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}}) }
	version := func() string { return w.post(howTo, "").Header().Get("Profile-Schema") }
	first := version()
	writeText(t, file, strings.Replace(attributesFile, "label: Children", "label: Number of children", 1))
	reload()
	second := version()
	if second == first {
		t.Error("the changed file is not used")
	}
	if log := w.log.String(); !strings.Contains(log, `"msg":"reloaded","files":["attributes"]`) {
		t.Errorf("the log says %s", log)
	}
	writeText(t, file, strings.Replace(attributesFile, "max: 20,", "max: twenty,", 1))
	reload()
	if version() != second {
		t.Error("an invalid file is used")
	}
	log := w.log.String()
	if !strings.Contains(log, `"level":"ERROR","msg":"the attributes file changed but cannot be loaded; keeping the old one"`) ||
		!strings.Contains(log, "attributes.yaml line 4: max is not a whole number") ||
		!strings.Contains(log, `"level":"ERROR","msg":"reloaded","failed":["attributes"]`) {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), "\nprofilectl_last_reload_successful 0\n") {
		t.Error("the metrics do not report the failure")
	}
}

// TestUpdateAppliesTheSchemaOfItsTime: a field that was removed between the form and the
// request is an unknown field, and the header tells the client that the schema changed.
func TestUpdateAppliesTheSchemaOfItsTime(t *testing.T) {
	w, app, file := newAttributesWorld(t)
	shown := w.schema(w.strong).Header().Get("Profile-Schema")
	writeText(t, file, strings.Replace(attributesFile, "Children", "Pets", 1))
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	res := w.post(`{"`+extension+`Children":1}`, w.strong)
	if res.Code != http.StatusBadRequest || res.Header().Get("Profile-Schema") == shown || len(app.sent()) != 0 {
		t.Errorf("got %d %v, sent %q", res.Code, res.Header(), app.sent())
	}
}

func TestOpenRefusesUnusableAttributes(t *testing.T) {
	dir := t.TempDir()
	file, bad, secret := filepath.Join(dir, "attributes.yaml"), filepath.Join(dir, "bad.yaml"), filepath.Join(dir, "secret")
	writeText(t, file, attributesFile)
	writeText(t, bad, "attributes: 1\n")
	writeText(t, secret, "s")
	const clientID = "66666666-7777-8888-9999-000000000000"
	withSecret := serve.CredentialSettings{SecretFile: secret}
	for _, c := range []struct {
		name string
		set  serve.AttributesSettings
		want string
	}{
		{"an invalid file", serve.AttributesSettings{File: bad}, "bad.yaml line 1: attributes is not a list"},
		{"no credential", serve.AttributesSettings{File: file}, "attributes-client-id is not configured"},
		{"a client id alone", serve.AttributesSettings{File: file, ClientID: applicationID}, "no client credential is configured"},
		{"a credential alone", serve.AttributesSettings{File: file, Credential: withSecret}, "without its client id"},
		{"a credential without a file", serve.AttributesSettings{ClientID: applicationID, Credential: withSecret}, "but no attributes are"},
		{
			"the same registration", serve.AttributesSettings{File: file, ClientID: clientID, Credential: withSecret},
			"are the same registration",
		},
	} {
		_, err := serve.Open(t.Context(), serve.Settings{
			Authority:  "contoso",
			ClientID:   clientID,
			Credential: serve.CredentialSettings{Secret: "s"},
			Attributes: c.set,
		}, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLogHoldsNoAttributes(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	app.patch = func(n int) reply { return reply{[]int{204, 403, 400, 500}[min(n, 4)-1], ""} }
	for range 4 {
		w.post(`{"`+extension+`LoyaltyNumber":"canary"}`, w.strong)
	}
	log := w.log.String()
	for _, secret := range []string{"canary", "app-", "second secret", objectID(t, w.strong)} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
