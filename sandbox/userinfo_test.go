package sandbox_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox"
)

func TestUserInfo(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, row := range []struct{ scope, members string }{
		{"openid User.Read", "sub"},
		{"openid email User.Read", "email sub"},
		{"openid profile email User.Read", "email family_name given_name name picture sub"},
	} {
		r := c.tokens(row.scope)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, members := c.graph(method, "/oidc/userinfo", r.AccessToken, "")
			names := strings.Join(slices.Sorted(maps.Keys(members)), " ")
			if status != 200 || names != row.members {
				t.Errorf("%s with %s: got %d %s, want %s", method, row.scope, status, names, row.members)
			}
			if sub := subject(t, r.IDToken); members["sub"] != sub {
				t.Errorf("sub: got %v, but the ID token has %s", members["sub"], sub)
			}
		}
	}
}

// subject returns the sub claim of a token.
func subject(t *testing.T, raw string) string {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(raw, claims); err != nil {
		t.Fatal(err)
	}
	sub, err := claims.GetSubject()
	if err != nil || sub == "" {
		t.Fatalf("no sub: %v", err)
	}
	return sub
}

func TestUserInfoErrors(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	withoutOpenID := c.tokens("User.Read").AccessToken
	for _, row := range []struct {
		name, token string
		status      int
		code        string
	}{
		{"no token", "", 401, "InvalidAuthenticationToken"},
		{"a token for another API", c.tokens("openid " + c.facts.EditScope).AccessToken, 401,
			"InvalidAuthenticationToken"},
		{"a token without openid", withoutOpenID, 403, "Authorization_RequestDenied"},
	} {
		status, members := c.graph(http.MethodGet, "/oidc/userinfo", row.token, "")
		if code := graphCode(members); status != row.status || code != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.name, status, code, row.status, row.code)
		}
	}
}

func TestUserInfoEndpointIsPublished(t *testing.T) {
	c := newLocalClient(t)
	for authority, want := range map[string]string{
		apiAddress:                      apiAddress + "/oidc/userinfo",
		"https://contoso.ciamlogin.com": "https://graph.microsoft.com/oidc/userinfo",
	} {
		address := authority + "/" + c.facts.TenantID + "/v2.0/.well-known/openid-configuration"
		res, err := c.tenant.Client().Get(address)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Endpoint string `json:"userinfo_endpoint"`
		}
		err = json.NewDecoder(res.Body).Decode(&document)
		res.Body.Close()
		if err != nil || document.Endpoint != want {
			t.Errorf("%s: got %s, want %s (%v)", authority, document.Endpoint, want, err)
		}
		if res, err = c.tenant.Client().Get(document.Endpoint); err != nil || res.StatusCode != 401 {
			t.Errorf("%s: got %v, %v", document.Endpoint, res, err)
		}
	}
}
