package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// consoleUser is a developer with a browser.
type consoleUser struct {
	t      *testing.T
	tenant *sandbox.Tenant
	client *http.Client
	header http.Header // sent with every request
}

// newConsoleUser returns a developer whose browser has not opened a link.
func newConsoleUser(t *testing.T, tenant *sandbox.Tenant) *consoleUser {
	t.Helper()
	client := tenant.Client()
	client.Jar = newJar(t)
	return &consoleUser{t: t, tenant: tenant, client: client, header: http.Header{}}
}

// openConsole returns a developer whose browser opened the developer page of a new
// tenant.
func openConsole(t *testing.T) *consoleUser {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	u := newConsoleUser(t, tenant)
	if res, body := u.get(tenant.NewPageLink()); res.StatusCode != http.StatusOK {
		t.Fatalf("the link got %d %s", res.StatusCode, body)
	}
	return u
}

func (u *consoleUser) do(method, address string, form url.Values) (*http.Response, string) {
	u.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = u.tenant.Facts().Pages + address
	}
	req, err := http.NewRequestWithContext(u.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		u.t.Fatal(err)
	}
	req.Header = u.header.Clone()
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := u.client.Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return res, string(body)
}

func (u *consoleUser) get(address string) (*http.Response, string) {
	u.t.Helper()
	return u.do(http.MethodGet, address, nil)
}

// csrf returns the CSRF token of the browser's session.
func (u *consoleUser) csrf() string {
	u.t.Helper()
	_, body := u.get("/sandbox/")
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(body)
	if found == nil {
		u.t.Fatalf("the page has no CSRF token: %s", body)
	}
	return found[1]
}

// submit sends a form with the CSRF token. The pairs are names and values of fields.
func (u *consoleUser) submit(path string, pairs ...string) (*http.Response, string) {
	u.t.Helper()
	form := url.Values{"csrf": {u.csrf()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return u.do(http.MethodPost, path, form)
}

// consolePages returns the addresses of all pages.
func consolePages(tenant *sandbox.Tenant) []string {
	return []string{
		"/sandbox/",
		"/sandbox/users",
		"/sandbox/users/new",
		"/sandbox/users/edit/casey@contoso.example",
		"/sandbox/apps",
		"/sandbox/apps/new",
		"/sandbox/apps/edit/" + tenant.Facts().WebClientID,
		"/sandbox/policies",
		"/sandbox/policies/new",
		"/sandbox/attributes",
		"/sandbox/attributes/new",
		"/sandbox/mail",
		"/sandbox/tools",
		"/sandbox/audit?decision=refused&part=token&q=x&refresh=5",
	}
}

func TestConsoleShowsItsPages(t *testing.T) {
	u := openConsole(t)
	for _, path := range consolePages(u.tenant) {
		res, body := u.get(path)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "<h1>") || strings.Contains(body, "<script") {
			t.Errorf("%s: got %d %s", path, res.StatusCode, body)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script") ||
			strings.Contains(policy, "unsafe") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v", path, res.Header)
		}
	}
	for _, path := range []string{
		"/sandbox/users/edit/nobody@contoso.example", "/sandbox/apps/edit/nobody", "/sandbox/nothing",
	} {
		if res, _ := u.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %d", path, res.StatusCode)
		}
	}
	if entries := u.tenant.Audit(0); len(entries) != 0 {
		t.Errorf("the audit has requests to the developer page: %+v", entries)
	}
}

func TestConsoleChangesUsers(t *testing.T) {
	u := openConsole(t)
	_, body := u.submit("/sandbox/users/new", "email", "ada@contoso.example", "name", "Ada L.", "mfa", "on")
	if !strings.Contains(body, "The user was added.") || !strings.Contains(body, "at every sign-in") {
		t.Fatalf("got %s", body)
	}
	if _, body := u.get("/sandbox/users"); strings.Contains(body, "The user was added.") {
		t.Error("the password is shown again")
	}
	const page = "/sandbox/users/edit/ada@contoso.example"
	for _, row := range []struct{ path, name, value, want string }{
		{"/profile", "city", "Bern", "The profile was saved."},
		{"/mfa", "on", "false", "only if a policy applies"},
		{"/password", "password", "Another passw0rd", "<code>Another passw0rd</code>"},
		{"/password", "password", "", "all sign-ins have ended"},
		{"/revoke", "", "", "All sign-ins of this user have ended."},
	} {
		if _, body := u.submit(page+row.path, row.name, row.value); !strings.Contains(body, row.want) {
			t.Errorf("%s: got %s", row.path, body)
		}
	}
	if city := u.tenant.Profile("ada@contoso.example")["city"]; city == nil || *city != "Bern" {
		t.Errorf("the city is %v", city)
	}
	if u.submit(page+"/profile", "city", ""); u.tenant.Profile("ada@contoso.example")["city"] != nil {
		t.Error("an empty field did not remove the property")
	}
}

func TestConsoleKeepsTheInputAfterAProblem(t *testing.T) {
	u := openConsole(t)
	for _, row := range []struct {
		path   string
		fields []string
		want   string
	}{
		{"/sandbox/users/new", []string{"email", "casey@contoso.example", "name", "Twice"}, `value="Twice"`},
		{"/sandbox/users/new", []string{"email", "new@contoso.example", "password", "short"}, `value="short"`},
		{"/sandbox/apps/new", []string{"name", "bad", "redirectUris", "http://evil.example"}, "http://evil.example"},
		{"/sandbox/policies/new", []string{"name", "Everything", "contexts", "c100"}, `value="c100"`},
		{"/sandbox/attributes/new", []string{"name", "no spaces", "label", "Spaced"}, `value="Spaced"`},
		{"/sandbox/attributes/new", []string{"name", "Diet", "input", "radioSingleSelect"},
			`value="radioSingleSelect" selected`},
		{"/sandbox/attributes/new", []string{"name", "Diet", "options", "vegan=Vegan"}, ">vegan=Vegan</textarea>"},
		{"/sandbox/tools/clock", []string{"do", "forward", "by", "soon"}, `value="soon"`},
		{"/sandbox/tools/faults", []string{"kind", "status", "status", "many"}, `value="many"`},
	} {
		res, body := u.submit(row.path, row.fields...)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, row.want) ||
			!strings.Contains(body, "Nothing was changed.") {
			t.Errorf("%s %v: got %d %s", row.path, row.fields, res.StatusCode, body)
		}
	}
}

func TestConsoleChangesApps(t *testing.T) {
	u := openConsole(t)
	_, body := u.submit("/sandbox/apps/new",
		"name", "orders", "kind", "confidential", "redirectUris", "https://orders.example/back",
		"spaRedirectUris", "https://orders.example/spa", "scopes", "Orders.Read Orders.Write",
		"tokenVersion", "2", "permissions", "User.Read")
	found := regexp.MustCompile(`<dt>Client ID</dt><dd><code>([^<]+)</code>`).FindStringSubmatch(body)
	if found == nil || !strings.Contains(body, "Client secret") || !strings.Contains(body, "Orders.Write") {
		t.Fatalf("got %s", body)
	}
	page := "/sandbox/apps/edit/" + found[1]
	if _, body := u.submit(page + "/secret"); !strings.Contains(body, "The app has a new secret.") {
		t.Errorf("got %s", body)
	}
	_, body = u.submit(page+"/permissions", "permissions", "User.ReadWrite")
	if !strings.Contains(body, "User.ReadWrite") {
		t.Errorf("got %s", body)
	}
	if res, body := u.submit(page+"/credential", "certificate", "not PEM"); res.StatusCode != 422 {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

func TestConsoleSwitchesPolicies(t *testing.T) {
	u := openConsole(t)
	facts := u.tenant.Facts()
	u.submit("/sandbox/policies/"+facts.PolicyID+"/switch", "on", "false")
	if u.tenant.Policies()[0].On {
		t.Error("the policy is on")
	}
	if _, body := u.submit("/sandbox/policies/new",
		"name", "Step-up", "api", facts.MidTierID, "contexts", "c1 c2"); !strings.Contains(body, "Step-up") {
		t.Errorf("got %s", body)
	}
	added := u.tenant.Policies()[1]
	if !added.On || len(added.APIs) != 1 || len(added.Contexts) != 2 {
		t.Errorf("got %+v", added)
	}
	if u.submit("/sandbox/policies/" + added.ID + "/remove"); len(u.tenant.Policies()) != 1 {
		t.Error("the policy was not removed")
	}
}

func TestConsoleChangesClockFaultsAndKeys(t *testing.T) {
	u := openConsole(t)
	const tools = "/sandbox/tools"
	u.submit(tools+"/clock", "do", "freeze")
	u.submit(tools+"/clock", "do", "forward", "by", "2h")
	if clock := u.tenant.Clock(); !clock.Frozen {
		t.Errorf("got %+v", clock)
	}
	u.submit(tools+"/clock", "do", "set", "to", "2030-01-02T03:04")
	if clock := u.tenant.Clock(); clock.Time.Format("2006-01-02 15:04") != "2030-01-02 03:04" {
		t.Errorf("got %+v", clock)
	}
	u.submit(tools+"/clock", "do", "reset")
	if clock := u.tenant.Clock(); clock.Frozen || clock.Offset != "0s" {
		t.Errorf("got %+v", clock)
	}
	for _, fields := range [][]string{
		{"part", "graph", "kind", "status", "status", "429", "retryAfter", "7"},
		{"part", "token", "kind", "delay", "delay", "2s"},
		{"part", "", "kind", "reset"},
		{"part", "keys", "kind", "cut"},
	} {
		u.submit(tools+"/faults", fields...)
	}
	if faults := u.tenant.Faults(); len(faults) != 4 || faults[0].Status != 429 || faults[0].RetryAfter != 7 {
		t.Errorf("got %+v", faults)
	}
	if _, body := u.get(tools); !strings.Contains(body, "status 429, Retry-After of 7 s") {
		t.Errorf("got %s", body)
	}
	if u.submit(tools + "/faults/discard"); len(u.tenant.Faults()) != 0 {
		t.Error("the faults were not discarded")
	}
	if _, body := u.submit(tools + "/keys"); !strings.Contains(body, "signs with its next key") {
		t.Errorf("got %s", body)
	}
}

func TestConsoleFiltersTheAudit(t *testing.T) {
	u := openConsole(t)
	facts := u.tenant.Facts()
	for _, address := range []string{facts.Authority + "/discovery/v2.0/keys", facts.Graph + "/v1.0/me"} {
		res, err := u.tenant.Client().Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	const keys, me = "Returned the signing keys.", "The request has no bearer token."
	for _, row := range []struct {
		query    string
		keys, me bool
	}{
		{"", true, true},
		{"?decision=refused", false, true},
		{"?part=keys", true, false},
		{"?q=SIGNING+keys", true, false},
		{"?q=InvalidAuthenticationToken", false, true},
		{"?q=nothing", false, false},
	} {
		_, body := u.get("/sandbox/audit" + row.query)
		if strings.Contains(body, keys) != row.keys || strings.Contains(body, me) != row.me {
			t.Errorf("%q: got %s", row.query, body)
		}
	}
}

func TestConsoleEscapesNames(t *testing.T) {
	const hostile = `"><script>alert(1)</script>'<img src=x onerror=alert(1)>`
	u := openConsole(t)
	if err := u.tenant.AddUser("x@contoso.example", "Passw0rd!", hostile); err != nil {
		t.Fatal(err)
	}
	app, err := u.tenant.AddApp(control.App{
		Name: hostile, RedirectURIs: []string{"https://app.example/\"><script>"}, Scopes: []string{hostile[:3]},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.tenant.AddPolicy(control.Policy{Name: hostile, APIs: []string{app.ID}}); err != nil {
		t.Fatal(err)
	}
	u.submit("/sandbox/users/new", "email", hostile)
	paths := append(consolePages(u.tenant), "/sandbox/apps/edit/"+app.ID, "/sandbox/users/edit/x@contoso.example",
		"/sandbox/audit?q="+url.QueryEscape(hostile))
	for _, path := range paths {
		if _, body := u.get(path); strings.Contains(body, "<script") || strings.Contains(body, "<img") {
			t.Errorf("%s: got %s", path, body)
		}
	}
}
