package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

// graphTokens returns a token that reads and one that writes.
func graphTokens(t *testing.T, c *client) (read, write string) {
	t.Helper()
	c.signIn(basic)
	read = c.redeem(c.got.Get("code")).Access
	c.signIn("openid " + c.facts.EditScope)
	write = c.token("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id", c.facts.MidTierID, "client_secret", c.facts.MidTierSecret,
		"requested_token_use", "on_behalf_of", "scope", "https://graph.microsoft.com/User.ReadWrite", "assertion", c.redeem(c.got.Get("code")).Access).Access
	return read, write
}

func (c *client) graph(method, path, token, body string) (int, map[string]any) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.facts.Graph+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.tenant.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var members map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &members); err != nil {
			c.t.Fatalf("%s: %v", raw, err)
		}
	}
	if res.Header.Get("request-id") == "" {
		c.t.Errorf("%s %s has no request-id", method, path)
	}
	return res.StatusCode, members
}

func TestGraphUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, write := graphTokens(t, c)
	for _, row := range []struct {
		name, token, body string
		status            int
		code              string
	}{
		{"all ten", write, `{"displayName":"A","givenName":"A","surname":"A","jobTitle":"A","streetAddress":"A","postalCode":"A","city":"A","state":"A","country":"A","preferredLanguage":"de"}`, 204, ""},
		{"null clears", write, `{"city":null}`, 204, ""},
		{"exactly as long as allowed", write, `{"givenName":"` + strings.Repeat("😀", 32) + `"}`, 204, ""},
		{"one unit longer", write, `{"givenName":"` + strings.Repeat("😀", 32) + `a"}`, 400, "Request_BadRequest"},
		{"the display name cannot be cleared", write, `{"displayName":null}`, 400, "Request_BadRequest"},
		{"empty", write, `{"city":""}`, 400, "Request_BadRequest"},
		{"a number", write, `{"city":1}`, 400, "Request_BadRequest"},
		{"not a user's to change", write, `{"mail":"a@b"}`, 403, "Authorization_RequestDenied"},
		{"one good, one forbidden", write, `{"city":"B","accountEnabled":false}`, 403, "Authorization_RequestDenied"},
		{"not JSON", write, `city=B`, 400, "Request_BadRequest"},
		{"nothing", write, `{}`, 400, "Request_BadRequest"},
		{"a token that may only read", read, `{"city":"B"}`, 403, "Authorization_RequestDenied"},
		{"no token", "", `{"city":"B"}`, 401, "InvalidAuthenticationToken"},
		{"rubbish", "x.y.z", `{"city":"B"}`, 401, "InvalidAuthenticationToken"},
	} {
		status, members := c.graph(http.MethodPatch, "/v1.0/me", row.token, row.body)
		code := ""
		if e, ok := members["error"].(map[string]any); ok {
			code, _ = e["code"].(string)
			if inner, ok := e["innerError"].(map[string]any); !ok || inner["request-id"] == "" {
				t.Errorf("%s: no innerError", row.name)
			}
		}
		if status != row.status || code != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.name, status, code, row.status, row.code)
		}
	}
	if city := c.tenant.Profile(c.facts.User)["city"]; city != nil {
		t.Errorf("a refused change came through: %q", *city)
	}
}

func TestGraphReads(t *testing.T) {
	c := newClient(t, sandbox.Config{ReadLag: time.Minute})
	read, write := graphTokens(t, c)
	status, me := c.graph(http.MethodGet, "/v1.0/me", read, "")
	if _, selected := me["city"]; status != 200 || me["displayName"] != "Casey Jensen" || me["mail"] != nil || selected || len(me) != 12 {
		t.Errorf("by default: got %d %v", status, me)
	}
	status, me = c.graph(http.MethodGet, "/v1.0/me?$select=city,identities", read, "")
	if status != 200 || me["city"] != "Copenhagen" || len(me) != 3 {
		t.Errorf("selected: got %d %v", status, me)
	}
	if status, _ = c.graph(http.MethodGet, "/v1.0/me?$select=shoeSize", read, ""); status != 400 {
		t.Errorf("an unknown property: got %d", status)
	}
	if status, _ = c.graph(http.MethodGet, "/v1.0/users", read, ""); status != 404 {
		t.Errorf("another resource: got %d", status)
	}
	if status, _ = c.graph(http.MethodPatch, "/v1.0/me", write, `{"city":"Bern"}`); status != 204 {
		t.Fatalf("update: got %d", status)
	}
	if _, me = c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Copenhagen" {
		t.Errorf("before the lag is over: got %v", me)
	}
	c.tenant.FastForward(2 * time.Minute)
	if _, me = c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Bern" {
		t.Errorf("after the lag: got %v", me)
	}
}

func TestKeysRotate(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := graphTokens(t, c)
	if err := c.tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	if status, _ := c.graph(http.MethodGet, "/v1.0/me", read, ""); status != 200 {
		t.Errorf("a token from before: got %d", status)
	}
	res, err := c.tenant.Client().Get(c.facts.Authority + "/discovery/v2.0/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var set struct{ Keys []map[string]string }
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil || len(set.Keys) != 3 {
		t.Errorf("got %v, %v", set, err)
	}
	for _, key := range set.Keys {
		if key["kty"] != "RSA" || key["d"] != "" || key["n"] == "" {
			t.Errorf("got %v", key)
		}
	}
}
