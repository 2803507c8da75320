package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

const controlKey = "the key"

// control sends a request to the control API and returns the status and the body
// of the response.
func (c *client) control(key, method, path, body string) (int, string) {
	c.t.Helper()
	address := "https://" + c.facts.TenantID + ".ciamlogin.com/control" + path
	r := httptest.NewRequest(method, address, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	c.tenant.Control(controlKey).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestControlRequiresTheKey(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, key := range []string{"", "another", controlKey + " "} {
		if status, _ := c.control(key, http.MethodGet, "/facts", ""); status != http.StatusForbidden {
			t.Errorf("%q: got %d", key, status)
		}
	}
}

func TestControlRejectsEveryRequestWithoutAConfiguredKey(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	r := httptest.NewRequest(http.MethodGet, "https://contoso.ciamlogin.com/control/facts", nil)
	r.Header.Set("Authorization", "Bearer ")
	w := httptest.NewRecorder()
	c.tenant.Control("").ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d", w.Code)
	}
}

func TestControlRejectsForeignHostNames(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	r := httptest.NewRequest(http.MethodGet, "https://evil.example/control/facts", nil)
	r.Header.Set("Authorization", "Bearer "+controlKey)
	w := httptest.NewRecorder()
	c.tenant.Control(controlKey).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d", w.Code)
	}
}

func TestControlStatuses(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, row := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/facts", "", 200},
		{"POST", "/users", `{"email":"ada@contoso.example","password":"A good password"}`, 200},
		{"POST", "/users", `{"email":"ADA@contoso.example"}`, 400},
		{"POST", "/users", `{"email":"nobody"}`, 400},
		{"POST", "/users", `{"email":"eve@contoso.example","password":"too simple"}`, 400},
		{"POST", "/users", `{"mail":"x"}`, 400},
		{"POST", "/users", `{} {}`, 400},
		{"GET", "/users", "", 200},
		{"PATCH", "/users/casey@contoso.example", `{"mfa":true}`, 204},
		{"PATCH", "/users/nobody@contoso.example", `{"mfa":true}`, 404},
		{"PATCH", "/users/casey@contoso.example", `{"password":"short"}`, 400},
		{"PATCH", "/users/casey@contoso.example", `{"profile":{"shoeSize":"44"}}`, 400},
		{"PATCH", "/users/casey@contoso.example", `{"profile":{"displayName":null}}`, 400},
		{"PATCH", "/users/casey@contoso.example", `{"profile":{"city":""}}`, 400},
		{"GET", "/users/nobody@contoso.example", ``, 404},
		{"POST", "/apps/nobody/secret", ``, 404},
		{"PUT", "/apps/nobody/permissions", `[]`, 404},
		{"PATCH", "/users/100%25@contoso.example", `{"mfa":true}`, 404},
		{"PATCH", "/users/ada@contoso.example", `{"profile":{"city":"London","state":null}}`, 204},
		{"PATCH", "/users/ada@contoso.example", `{"profile":{"shoeSize":"44"}}`, 400},
		{"PATCH", "/users/ada@contoso.example", `{"profile":{"city":""}}`, 400},
		{"PATCH", "/users/ada@contoso.example", `{"profile":{"displayName":null}}`, 400},
		{"PATCH", "/users/ada@contoso.example", `{"email":"casey@contoso.example"}`, 400},
		{"PATCH", "/users/ada@contoso.example", `{"email":"nowhere"}`, 400},
		{"PATCH", "/users/ada@contoso.example", `{"email":"ada.l@contoso.example"}`, 204},
		{"POST", "/users/ada.l@contoso.example/password", `{}`, 200},
		{"POST", "/users/ada.l@contoso.example/password", `{"password":"too simple"}`, 400},
		{"POST", "/users/nobody@contoso.example/password", `{}`, 404},
		{"DELETE", "/users/ada.l@contoso.example", "", 204},
		{"DELETE", "/users/ada.l@contoso.example", "", 404},
		{"DELETE", "/users/casey@contoso.example", "", 400},
		{"POST", "/apps", `{"name":"web","redirectUris":["https://app.example/back"]}`, 200},
		{"POST", "/apps", `{"name":"web","id":"x","redirectUris":["https://app.example/back"]}`, 400},
		{"PATCH", "/apps/" + c.facts.WebClientID, `{"name":"renamed","permissions":[]}`, 204},
		{"PATCH", "/apps/" + c.facts.WebClientID, `{"redirectUris":[]}`, 400},
		{"PATCH", "/apps/" + c.facts.WebClientID, `{"permissions":["Mail.Read"]}`, 400},
		{"PATCH", "/apps/" + c.facts.MidTierID, `{"scopes":["x"]}`, 400},
		{"PATCH", "/apps/unknown", `{"name":"x"}`, 404},
		{"DELETE", "/apps/" + c.facts.WebClientID, "", 400},
		{"DELETE", "/apps/unknown", "", 404},
		{"POST", "/apps", `{"name":"web","redirectUris":["http://app.example/back"]}`, 400},
		{"POST", "/apps", `{"name":"web","redirectUris":["https://app.example/#x"]}`, 400},
		{"POST", "/apps", `{"name":"none"}`, 400},
		{"GET", "/apps", "", 200},
		{"PUT", "/policy", `{"on":false}`, 204},
		{"GET", "/policy", "", 200},
		{"POST", "/faults", `{"part":"graph","status":503}`, 204},
		{"POST", "/faults", `{"part":7}`, 400},
		{"POST", "/faults", `{"part":"tokens","status":503}`, 400},
		{"POST", "/faults", `{"part":"token"}`, 400},
		{"POST", "/faults", `{"part":"token","status":99}`, 400},
		{"POST", "/faults", `{"part":"token","status":503,"reset":true}`, 400},
		{"POST", "/faults", `{"part":"token","cut":true,"reset":true}`, 400},
		{"POST", "/faults", `{"part":"token","retryAfter":5}`, 400},
		{"POST", "/faults", `{"part":"token","reset":true,"body":"x"}`, 400},
		{"POST", "/faults", `{"part":"token","delay":-1}`, 400},
		{"GET", "/faults", "", 200},
		{"DELETE", "/faults", "", 204},
		{"POST", "/clock", `{"forward":"2h"}`, 204},
		{"POST", "/clock", `{"forward":"soon"}`, 400},
		{"POST", "/clock", `{"back":"2h"}`, 204},
		{"POST", "/clock", `{"freeze":true}`, 204},
		{"POST", "/clock", `{"set":"2030-01-02T03:04:05Z"}`, 204},
		{"POST", "/clock", `{"reset":true}`, 204},
		{"POST", "/clock", `{}`, 400},
		{"POST", "/clock", `{"forward":"1h","back":"1h"}`, 400},
		{"POST", "/clock", `{"reset":true,"freeze":true}`, 400},
		{"GET", "/clock", "", 200},
		{"POST", "/keys", "", 204},
		{"POST", "/revoke", `{"email":"casey@contoso.example"}`, 204},
		{"POST", "/revoke", `{"email":"nobody@contoso.example"}`, 404},
		{"GET", "/mail?to=casey@contoso.example", "", 200},
		{"GET", "/mail?after=many", "", 400},
		{"GET", "/requests", "", 200},
		{"GET", "/nothing", "", 404},
		{"DELETE", "/clock", "", 405},
	} {
		if status, body := c.control(controlKey, row.method, row.path, row.body); status != row.status {
			t.Errorf("%s %s %s: got %d %s", row.method, row.path, row.body, status, body)
		}
	}
}

func TestControlListsAppsWithoutSecrets(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const app = `{"name":"web","redirectUris":["https://app.example/back"]}`
	if status, body := c.control(controlKey, "POST", "/apps", app); status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	_, body := c.control(controlKey, "GET", "/apps", "")
	var apps []map[string]any
	if err := json.Unmarshal([]byte(body), &apps); err != nil || len(apps) != 4 || strings.Contains(body, "secret") {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestControlAddsUsersWithASecondFactor(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const email, password = "ada@contoso.example", "A good password"
	user := `{"email":"` + email + `","password":"` + password + `","name":"Ada","mfa":true,` +
		`"profile":{"city":"London"}}`
	if status, body := c.control(controlKey, "POST", "/users", user); status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	if status, body := c.control(controlKey, "PUT", "/policy", `{"on":false}`); status != 204 {
		t.Fatalf("got %d %s", status, body)
	}
	if city := c.tenant.Profile(email)["city"]; city == nil || *city != "London" {
		t.Errorf("the city is %v", city)
	}
	c.user.Email, c.user.Password = email, password
	c.signIn(readScope)
	if len(c.tenant.Mail(email)) != 1 || c.code() == "" {
		t.Errorf("got %v", c.response)
	}
}

func TestControlAddsUsersWithAnID(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const id = "11111111-2222-3333-4444-555555555555"
	for _, row := range []struct{ user, want string }{
		{`{"email":"ada@contoso.example","id":"` + id + `"}`, `"id":"` + id + `"`},
		{`{"email":"grace@contoso.example"}`, `"id":"`},
		{`{"email":"eve@contoso.example","id":"` + id + `"}`, "already has an account with the id"},
		{`{"email":"eve@contoso.example","id":"eve"}`, "the id of an account must be a GUID"},
	} {
		if _, body := c.control(controlKey, "POST", "/users", row.user); !strings.Contains(body, row.want) {
			t.Errorf("%s: got %s", row.user, body)
		}
	}
	if _, body := c.control(controlKey, "GET", "/users", ""); !strings.Contains(body, `"id":"`+id+`"`) {
		t.Errorf("got %s", body)
	}
}
