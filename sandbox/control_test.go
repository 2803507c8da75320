package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// order sends one order to the control handler.
func order(t *testing.T, c *client, key, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "https://"+c.facts.TenantID+".ciamlogin.com/control"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	c.tenant.Control("the key").ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestControlIsForWhoHasTheKey(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, key := range []string{"", "another", "the key "} {
		if status, _ := order(t, c, key, http.MethodGet, "/facts", ""); status != http.StatusForbidden {
			t.Errorf("%q: got %d", key, status)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "https://evil.example/control/facts", nil)
	r.Header.Set("Authorization", "Bearer the key")
	if c.tenant.Control("the key").ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("under another name: got %d", w.Code)
	}
	w = httptest.NewRecorder()
	r = httptest.NewRequest(http.MethodGet, "https://contoso.ciamlogin.com/control/facts", nil)
	r.Header.Set("Authorization", "Bearer ")
	if c.tenant.Control("").ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("without any key: got %d", w.Code)
	}
}

func TestControlDoesWhatTheMethodsDo(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, o := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/facts", "", 200},
		{"POST", "/users", `{"email":"ada@contoso.example","password":"a good password","name":"Ada","mfa":true,"profile":{"city":"London"}}`, 200},
		{"POST", "/users", `{"email":"ADA@contoso.example"}`, 400},
		{"POST", "/users", `{"email":"nobody"}`, 400},
		{"POST", "/users", `{"mail":"x"}`, 400},
		{"POST", "/users", `{} {}`, 400},
		{"GET", "/users", "", 200},
		{"PATCH", "/users/casey@contoso.example", `{"mfa":true}`, 204},
		{"PATCH", "/users/nobody@contoso.example", `{"mfa":true}`, 404},
		{"PATCH", "/users/100%25@contoso.example", `{"mfa":true}`, 404},
		{"POST", "/apps", `{"name":"web","redirectUris":["https://app.example/back"]}`, 200},
		{"POST", "/apps", `{"name":"web","redirectUris":["http://app.example/back"]}`, 400},
		{"POST", "/apps", `{"name":"web","redirectUris":["https://app.example/#x"]}`, 400},
		{"POST", "/apps", `{"name":"none"}`, 400},
		{"GET", "/apps", "", 200},
		{"PUT", "/policy", `{"on":false}`, 204},
		{"GET", "/policy", "", 200},
		{"POST", "/faults", `{"part":"graph","status":503}`, 204},
		{"POST", "/faults", `{"part":7}`, 400},
		{"DELETE", "/faults", "", 204},
		{"POST", "/clock", `{"forward":"2h"}`, 204},
		{"POST", "/clock", `{"forward":"soon"}`, 400},
		{"POST", "/keys", "", 204},
		{"POST", "/revoke", `{"email":"casey@contoso.example"}`, 204},
		{"POST", "/revoke", `{"email":"nobody@contoso.example"}`, 404},
		{"GET", "/mail?to=casey@contoso.example", "", 200},
		{"GET", "/requests", "", 200},
		{"GET", "/nothing", "", 404},
		{"GET", "/clock", "", 405},
	} {
		if status, body := order(t, c, "the key", o.method, o.path, o.body); status != o.status {
			t.Errorf("%s %s %s: got %d %s", o.method, o.path, o.body, status, body)
		}
	}
	if city := c.tenant.Profile("ada@contoso.example")["city"]; city == nil || *city != "London" {
		t.Errorf("ada lives in %v", city)
	}
	_, body := order(t, c, "the key", "GET", "/apps", "")
	var apps []map[string]any
	if err := json.Unmarshal([]byte(body), &apps); err != nil || len(apps) != 4 || strings.Contains(body, "secret") {
		t.Errorf("got %s, %v", body, err)
	}
	c.user.Email, c.user.Password = "ada@contoso.example", "a good password"
	c.signIn(basic) // the policy is off, her own second factor is not
	if len(c.tenant.Mail("ada@contoso.example")) != 1 || c.got.Get("code") == "" {
		t.Errorf("got %v", c.got)
	}
}
