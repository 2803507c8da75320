package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox"
)

// graphTokens returns an access token that may read the user's profile, and one
// that may also change it.
func (c *client) graphTokens() (read, write string) {
	c.t.Helper()
	read = c.tokens(readScope).AccessToken
	write = c.exchange(c.tokens("openid " + c.facts.EditScope).AccessToken).AccessToken
	return read, write
}

// graph sends a request to Graph and returns the status and the members of the
// response.
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
	read, write := c.graphTokens()
	const (
		badRequest   = "Request_BadRequest"
		denied       = "Authorization_RequestDenied"
		invalidToken = "InvalidAuthenticationToken"
	)
	allTen := `{"displayName":"A","givenName":"A","surname":"A","jobTitle":"A","streetAddress":"A",` +
		`"postalCode":"A","city":"A","state":"A","country":"A","preferredLanguage":"de"}`
	longest := strings.Repeat("😀", 32) // 64 UTF-16 code units
	for _, row := range []struct {
		name, token, body string
		status            int
		code              string
	}{
		{"all ten properties", write, allTen, 204, ""},
		{"null", write, `{"city":null}`, 204, ""},
		{"the longest value", write, `{"givenName":"` + longest + `"}`, 204, ""},
		{"a value that is too long", write, `{"givenName":"` + longest + `a"}`, 400, badRequest},
		{"null for the display name", write, `{"displayName":null}`, 400, badRequest},
		{"an empty string", write, `{"city":""}`, 400, badRequest},
		{"a number", write, `{"city":1}`, 400, badRequest},
		{"a property that users may not change", write, `{"mail":"a@b"}`, 403, denied},
		{"a valid and a forbidden property", write, `{"city":"B","accountEnabled":false}`, 403, denied},
		{"an invalid and a forbidden property", write, `{"city":"","accountEnabled":false}`, 403, denied},
		{"not JSON", write, `city=B`, 400, badRequest},
		{"no property", write, `{}`, 400, badRequest},
		{"a token that may only read", read, `{"city":"B"}`, 403, denied},
		{"no token", "", `{"city":"B"}`, 401, invalidToken},
		{"a malformed token", "x.y.z", `{"city":"B"}`, 401, invalidToken},
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
		t.Errorf("a rejected change was stored: %q", *city)
	}
}

func TestGraphReads(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	status, me := c.graph(http.MethodGet, "/v1.0/me", read, "")
	if _, selected := me["city"]; status != 200 || me["displayName"] != "Casey Jensen" || me["mail"] != nil ||
		selected || len(me) != 12 {
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
}

func TestGraphReadsLagBehindUpdates(t *testing.T) {
	c := newClient(t, sandbox.Config{ReadLag: time.Minute})
	read, write := c.graphTokens()
	if status, _ := c.graph(http.MethodPatch, "/v1.0/me", write, `{"city":"Bern"}`); status != 204 {
		t.Fatalf("update: got %d", status)
	}
	if _, me := c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Copenhagen" {
		t.Errorf("before the lag is over: got %v", me)
	}
	c.tenant.FastForward(2 * time.Minute)
	if _, me := c.graph(http.MethodGet, "/v1.0/me?$select=city", read, ""); me["city"] != "Bern" {
		t.Errorf("after the lag: got %v", me)
	}
}

// TestGraphTokensAreForGraphAlone checks the token against a published one of an external tenant.
func TestGraphTokensAreForGraphAlone(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	raw := c.tokens("openid profile email User.Read").AccessToken
	parser := jwt.NewParser()
	claims := jwt.MapClaims{}
	unverified, _, err := parser.ParseUnverified(raw, claims)
	if err != nil {
		t.Fatal(err)
	}
	tenant := c.facts.TenantID
	for name, want := range map[string]any{
		"aud":         "00000003-0000-0000-c000-000000000000",
		"iss":         "https://sts.windows.net/" + tenant + "/",
		"ver":         "1.0",
		"appid":       c.facts.ClientID,
		"appidacr":    "0",
		"acr":         "1",
		"idtyp":       "user",
		"scp":         "User.Read openid profile email",
		"name":        "Casey Jensen",
		"unique_name": c.facts.User,
		"tid":         tenant,
	} {
		if claims[name] != want {
			t.Errorf("%s: got %v, want %v", name, claims[name], want)
		}
	}
	oid, _ := claims["oid"].(string)
	if upn := oid + "@contoso.onmicrosoft.com"; oid == "" || claims["upn"] != upn {
		t.Errorf("upn: got %v, want %s", claims["upn"], upn)
	}
	for _, name := range []string{"azp", "azpacr", "preferred_username"} {
		if claims[name] != nil {
			t.Errorf("%s is a claim of v2.0 tokens", name)
		}
	}
	if unverified.Header["nonce"] == nil || unverified.Header["x5t"] != unverified.Header["kid"] {
		t.Errorf("header: got %v", unverified.Header)
	}
	if status, _ := c.graph(http.MethodGet, "/v1.0/me", raw, ""); status != http.StatusOK {
		t.Errorf("Graph rejects its own token: %d", status)
	}
}
