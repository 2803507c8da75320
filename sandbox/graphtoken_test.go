package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox"
)

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
