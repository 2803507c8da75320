package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

func TestCodeRedemptionErrors(t *testing.T) {
	for _, row := range []struct {
		name   string
		redeem func(c *client, code string) result
		want   int
	}{
		{"another verifier", func(c *client, code string) result {
			return c.redeem(code, "code_verifier", verifier+"x")
		}, 501481},
		{"no verifier", func(c *client, code string) result {
			return c.redeem(code, "code_verifier", "")
		}, 501481},
		{"an expired code", func(c *client, code string) result {
			c.tenant.FastForward(11 * time.Minute)
			return c.redeem(code)
		}, 70008},
		{"no redirect URI", func(c *client, code string) result {
			return c.redeem(code, "redirect_uri", "")
		}, 700009},
		{"an unknown code", func(c *client, code string) result {
			return c.redeem(code + "x")
		}, 70000},
		{"the code of another client", func(c *client, code string) result {
			return c.redeem(code, "client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret)
		}, 700007},
		{"scopes of two APIs", func(c *client, code string) result {
			return c.redeem(code, "scope", "User.Read "+c.facts.EditScope)
		}, 28000},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{})
			c.signIn(readScope)
			c.wantError(row.redeem(c, c.code()), 400, row.want)
		})
	}
}

func TestCodeIsBoundToItsRedirectURI(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope)
	c.wantError(c.redeem(c.code(), "redirect_uri", "http://localhost:1"), 401, 500112)
}

func TestCodeReuseRevokesTheSignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	first := c.tokens(readScope)
	if first.Status != 200 || first.AccessToken == "" || first.IDToken == "" ||
		first.Scope != "openid profile User.Read" {
		t.Fatalf("got %+v", first)
	}
	c.wantError(c.redeem(c.code()), 400, 54005)
	c.wantError(c.refresh(first.RefreshToken), 400, 50173)
}

func TestMFAErrorHasTheDocumentedShape(t *testing.T) {
	for _, row := range []struct {
		name         string
		invalidGrant bool
		wantError    string
	}{
		{"by default", false, "interaction_required"},
		{"with InvalidGrant", true, "invalid_grant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{InvalidGrant: row.invalidGrant})
			got := c.refresh(c.tokens(readScope).RefreshToken, "scope", c.facts.EditScope)
			c.wantError(got, 400, 50076)
			wantMembers := []string{
				"claims", "correlation_id", "error", "error_codes", "error_description", "error_uri",
				"suberror", "timestamp", "trace_id",
			}
			wantClaims := `{"access_token":{"capolids":{"essential":true,"values":["` + c.facts.PolicyID + `"]}}}`
			if !slices.Equal(got.Members, wantMembers) || got.Error != row.wantError ||
				got.Suberror != "basic_action" || got.Claims != wantClaims {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestRefreshTokensRotate(t *testing.T) {
	for _, strict := range []bool{false, true} {
		c := newClient(t, sandbox.Config{Strict: strict})
		first := c.tokens(readScope).RefreshToken
		second := c.refresh(first)
		if second.Status != 200 || second.RefreshToken == first {
			t.Fatalf("got %+v", second)
		}
		if reuse := c.refresh(first); (reuse.Status == 200) == strict {
			t.Errorf("strict %v: the old refresh token got %d", strict, reuse.Status)
		}
		if after := c.refresh(second.RefreshToken); (after.Status == 200) == strict {
			t.Errorf("strict %v: the new refresh token got %d after the reuse", strict, after.Status)
		}
	}
}

func TestRefreshTokenExpires(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	c.tenant.FastForward(91 * 24 * time.Hour)
	c.wantError(c.refresh(refresh), 400, 700082)
}

func TestOnBehalfOf(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	user := c.tokens("openid offline_access " + c.facts.EditScope)
	graph := c.tokens(readScope)
	got := c.exchange(user.AccessToken)
	if got.Status != 200 || got.AccessToken == "" || got.Scope != graphEdit ||
		got.RefreshToken != "" || got.IDToken != "" {
		t.Fatalf("got %+v", got)
	}
	c.wantError(c.exchange(graph.AccessToken), 400, 500131)
	c.wantError(c.exchange(user.AccessToken[:len(user.AccessToken)-6]+"AAAAAA"), 400, 50013)
	c.wantError(c.exchange(user.IDToken), 400, 500131)
	c.wantError(c.exchange(user.AccessToken, "scope", ""), 400, 900144)
	if got := c.exchange(user.AccessToken, "scope", graphEdit+" offline_access"); got.RefreshToken == "" {
		t.Errorf("offline_access: got %+v", got)
	}
	c.wantError(c.exchange(user.AccessToken, "client_secret", "wrong"), 401, 7000215)
	c.wantError(c.exchange(user.AccessToken, "client_secret", ""), 401, 7000218)
	c.wantError(c.exchange(user.AccessToken, "client_id", c.facts.ClientID), 401, 700025)
	c.wantError(c.exchange(user.AccessToken, "client_id", c.facts.ClientID, "client_secret", ""), 401, 7000218)
	c.wantError(c.exchange(user.AccessToken, "requested_token_use", ""), 400, 900144)
	if err := c.tenant.SetConsent(false); err != nil {
		t.Fatal(err)
	}
	c.wantError(c.exchange(user.AccessToken), 400, 65001)
	c.tenant.FastForward(2 * time.Hour)
	c.wantError(c.exchange(user.AccessToken), 400, 500133)
}

func TestAppOnlyTokensActForNoUser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	appOnly := func(scope string, pairs ...string) result {
		return c.token(append([]string{
			"grant_type", "client_credentials",
			"client_id", c.facts.WebClientID,
			"client_secret", c.facts.WebSecret,
			"scope", scope,
		}, pairs...)...)
	}
	c.wantError(appOnly("https://graph.microsoft.com/User.Read"), 400, 1002012)
	c.wantError(appOnly("openid offline_access profile"), 400, 1002012)
	c.wantError(appOnly(graphDefault+" api://"+c.facts.MidTierID+"/.default"), 400, 70011)
	c.wantError(appOnly(graphDefault+" User.Read"), 400, 70011)
	if got := appOnly(graphDefault + " openid offline_access profile"); got.Status != 200 {
		t.Errorf("with the scopes that MSAL Go adds: got %+v", got)
	}
	c.wantError(appOnly("api://nobody/.default"), 400, 500011)
	c.wantError(appOnly(graphDefault, "client_secret", "wrong"), 401, 7000215)
	c.wantError(c.token("grant_type", "client_credentials", "scope", graphDefault), 401, 7000218)

	graph := appOnly(graphDefault)
	if graph.Status != 200 || graph.RefreshToken != "" || graph.IDToken != "" {
		t.Fatalf("got %+v", graph)
	}
	status, body := c.graph(http.MethodGet, "/v1.0/me", graph.AccessToken, "")
	if status != 400 || !strings.Contains(fmt.Sprint(body), "delegated") {
		t.Errorf("Graph: %d %v", status, body)
	}
	midTier := appOnly("api://" + c.facts.MidTierID + "/.default")
	got := c.exchange(midTier.AccessToken)
	c.wantError(got, 400, 7000114)
	if got.Error != "unauthorized_client" {
		t.Errorf("the exchange: got %s", got.Error)
	}
}

func TestAppOnlyTokenClaims(t *testing.T) {
	const always = "aio aud exp iat iss nbf oid rh sub tid uti ver"
	for _, row := range []struct {
		name     string
		version  int
		optional []string
		want     string // in addition to always
	}{
		{"v2.0", 2, nil, "azp azpacr"},
		{"v2.0 with idtyp", 2, []string{"idtyp"}, "azp azpacr idtyp"},
		{"v1.0", 1, nil, "appid appidacr"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{})
			api, _ := c.api(row.version, row.optional...)
			got := c.token("grant_type", "client_credentials", "client_id", c.facts.WebClientID,
				"client_secret", c.facts.WebSecret, "scope", api.AppIDURI+"/.default")
			claims, want := claimsOf(t, got.AccessToken), strings.Fields(always+" "+row.want)
			slices.Sort(want)
			if names(claims) != strings.Join(want, " ") || claims["oid"] != claims["sub"] {
				t.Errorf("got %v", claims)
			}
		})
	}
}

func TestHostileClaimsAreRejected(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	for name, claims := range map[string]string{
		"not JSON":                "{",
		"a list":                  `[1]`,
		"a string":                `"x"`,
		"a list of access tokens": `{"access_token":[]}`,
		"a number of contexts":    `{"access_token":{"acrs":7}}`,
		"values of another type":  `{"access_token":{"acrs":{"values":"c1"}}}`,
		"20,000 bytes":            `{"x":"` + strings.Repeat("x", 20_000) + `"}`,
		"5,000 levels of nesting": strings.Repeat(`{"access_token":`, 5000) + "1" + strings.Repeat("}", 5000),
	} {
		got := c.refresh(refresh, "claims", claims)
		if got.Status != 400 || got.Error != "invalid_request" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// OpenID Connect Core, 5.5: claims that the server does not understand are
// ignored.
func TestUnknownClaimsAreIgnored(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	got := c.refresh(refresh, "claims", `{"access_token":{"color":{"value":"red"}},"userinfo":null}`)
	if got.Status != 200 {
		t.Errorf("got %+v", got)
	}
}

func TestTokenEndpointRejectsInvalidRequests(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	tenant := c.tenant.Client()
	address := c.facts.Authority + "/oauth2/v2.0/token"
	post := func(contentType, body string) (*http.Response, error) {
		return tenant.Post(address, contentType, strings.NewReader(body))
	}
	// without sends a request for a grant that names only its type.
	without := func(grantType string) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			return tenant.PostForm(address, url.Values{"grant_type": {grantType}, "client_id": {c.facts.ClientID}})
		}
	}
	const form = "application/x-www-form-urlencoded"
	for _, row := range []struct {
		name string
		send func() (*http.Response, error)
		want int
	}{
		{"GET", func() (*http.Response, error) { return tenant.Get(address) }, 900561},
		{"JSON", func() (*http.Response, error) { return post("application/json", "{}") }, 900144},
		{"a repeated parameter", func() (*http.Response, error) {
			return post(form, "client_id=a&client_id=b")
		}, 9000411},
		{"a form of 200 KiB", func() (*http.Response, error) {
			return post(form, "client_id="+strings.Repeat("x", 200<<10))
		}, 9002313},
		{"a malformed form", func() (*http.Response, error) { return post(form, "client_id=%") }, 9002313},
		{"an unknown grant type", without("password"), 70003},
		{"no code", without("authorization_code"), 900144},
		{"no refresh token", without("refresh_token"), 900144},
		{"no device code", without("device_code"), 900144},
		{"another tenant", func() (*http.Response, error) {
			other := strings.Replace(address, "/"+c.facts.TenantID+"/", "/fabrikam.onmicrosoft.com/", 1)
			return tenant.PostForm(other, nil)
		}, 90002},
		{"a public client with a secret", func() (*http.Response, error) {
			return tenant.PostForm(address, url.Values{
				"grant_type":    {"refresh_token"},
				"client_id":     {c.facts.ClientID},
				"client_secret": {"x"},
			})
		}, 700025},
	} {
		res, err := row.send()
		if err != nil {
			t.Fatal(err)
		}
		got := c.read(res)
		if got.Status < 400 || got.Status > 499 || got.AccessToken != "" || !slices.Equal(got.Codes, []int{row.want}) {
			t.Errorf("%s: got %+v, want AADSTS%d", row.name, got, row.want)
		}
	}
}

func FuzzTokenEndpoint(f *testing.F) {
	f.Add("grant_type=authorization_code&code=x&client_id=y")
	f.Add("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c&claims={}")
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		f.Fatal(err)
	}
	facts := tenant.Facts()
	address := facts.Authority + "/oauth2/v2.0/token"
	f.Fuzz(func(t *testing.T, body string) {
		for _, form := range []string{body, body + "&client_id=" + facts.ClientID} {
			res, err := tenant.Client().Post(address, "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil || res.StatusCode >= 500 || res.StatusCode == 200 {
				t.Errorf("%q: %v, %v", form, res, err)
			}
		}
	})
}
