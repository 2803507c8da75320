package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(*client, string) answer
		code int
	}{
		{"another verifier", func(c *client, code string) answer { return c.redeem(code, "code_verifier", verifier+"x") }, 501481},
		{"no verifier", func(c *client, code string) answer { return c.redeem(code, "code_verifier", "") }, 501481},
		{"another redirect URI", func(c *client, code string) answer {
			return c.redeem(code, "redirect_uri", "http://localhost:1")
		}, 50011},
		{"expired", func(c *client, code string) answer { c.tenant.FastForward(11 * time.Minute); return c.redeem(code) }, 70008},
		{"invented", func(c *client, code string) answer { return c.redeem(code + "x") }, 70000},
		{"of another client", func(c *client, code string) answer {
			return c.redeem(code, "client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret)
		}, 700007},
		{"scopes of two APIs", func(c *client, code string) answer { return c.redeem(code, "scope", "User.Read "+c.facts.EditScope) }, 28000},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, sandbox.Config{})
			client.signIn(basic)
			client.refuses(c.try(client, client.got.Get("code")), 400, c.code)
		})
	}
}

func TestACodeUsedTwiceEndsTheSignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	first := c.redeem(c.got.Get("code"))
	if first.Status != 200 || first.Access == "" || first.ID == "" || first.Scope != "openid profile User.Read" {
		t.Fatalf("got %+v", first)
	}
	c.refuses(c.redeem(c.got.Get("code")), 400, 54005)
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", first.Refresh, "scope", basic), 400, 50173)
}

func TestTheMFARefusalHasTheDocumentedShape(t *testing.T) {
	for _, knob := range []bool{false, true} {
		c := newClient(t, sandbox.Config{InvalidGrant: knob})
		c.signIn(basic)
		a := c.token("grant_type", "refresh_token", "refresh_token", c.redeem(c.got.Get("code")).Refresh, "scope", c.facts.EditScope)
		c.refuses(a, 400, 50076)
		want := []string{"claims", "correlation_id", "error", "error_codes", "error_description", "error_uri", "suberror", "timestamp", "trace_id"}
		wantError := map[bool]string{false: "interaction_required", true: "invalid_grant"}[knob]
		if !slices.Equal(a.Members, want) || a.Error != wantError || a.Sub != "basic_action" ||
			a.Claims != `{"access_token":{"capolids":{"essential":true,"values":["`+c.facts.PolicyID+`"]}}}` {
			t.Errorf("got %+v", a)
		}
	}
}

func TestRefreshTokens(t *testing.T) {
	for _, strict := range []bool{false, true} {
		c := newClient(t, sandbox.Config{Strict: strict})
		c.signIn(basic)
		first := c.redeem(c.got.Get("code")).Refresh
		second := c.token("grant_type", "refresh_token", "refresh_token", first, "scope", basic)
		if second.Status != 200 || second.Refresh == first {
			t.Fatalf("got %+v", second)
		}
		again := c.token("grant_type", "refresh_token", "refresh_token", first, "scope", basic)
		if (again.Status == 200) == strict {
			t.Errorf("strict %v: the old refresh token got %d", strict, again.Status)
		}
		after := c.token("grant_type", "refresh_token", "refresh_token", second.Refresh, "scope", basic)
		if (after.Status == 200) == strict {
			t.Errorf("strict %v: the new refresh token got %d afterwards", strict, after.Status)
		}
	}
}

func TestOnBehalfOf(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn("openid offline_access " + c.facts.EditScope)
	user := c.redeem(c.got.Get("code"))
	c.signIn(basic)
	graph := c.redeem(c.got.Get("code"))
	exchange := func(assertion string, more ...string) answer {
		return c.token(append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id", c.facts.MidTierID, "client_secret", c.facts.MidTierSecret,
			"requested_token_use", "on_behalf_of", "scope", "https://graph.microsoft.com/User.ReadWrite", "assertion", assertion}, more...)...)
	}
	good := exchange(user.Access)
	if good.Status != 200 || good.Access == "" || good.Scope != "https://graph.microsoft.com/User.ReadWrite" || good.Refresh != "" || good.ID != "" {
		t.Fatalf("got %+v", good)
	}
	c.refuses(exchange(graph.Access), 400, 500131)
	c.refuses(exchange(user.Access[:len(user.Access)-6]+"AAAAAA"), 400, 50013)
	c.refuses(exchange(user.ID), 400, 500131)
	c.refuses(exchange(user.Access, "client_secret", "wrong"), 401, 7000215)
	c.refuses(exchange(user.Access, "client_secret", ""), 401, 7000218)
	c.refuses(exchange(user.Access, "client_id", c.facts.ClientID), 401, 700025)
	c.refuses(exchange(user.Access, "client_id", c.facts.ClientID, "client_secret", ""), 401, 7000218)
	c.refuses(exchange(user.Access, "requested_token_use", ""), 400, 900144)
	if err := c.tenant.SetConsent(false); err != nil {
		t.Fatal(err)
	}
	c.refuses(exchange(user.Access), 400, 65001)
	c.tenant.FastForward(2 * time.Hour)
	c.refuses(exchange(user.Access), 400, 500133)
}

func TestHostsAndTenants(t *testing.T) {
	c := newClient(t, sandbox.Config{APIAddress: "https://localhost:8443", PagesAddress: "http://localhost:8442"})
	for _, h := range []struct {
		address string
		status  int
	}{
		{"https://localhost:8443/" + c.facts.TenantID, 200},
		{"https://localhost:8443/contoso.onmicrosoft.com", 200},
		{"https://contoso.ciamlogin.com/" + c.facts.TenantID, 200},
		{"https://localhost:8443/fabrikam.onmicrosoft.com", 400},
	} {
		res, err := c.tenant.Client().Get(h.address + "/v2.0/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Issuer    string `json:"issuer"`
			Authorize string `json:"authorization_endpoint"`
		}
		if err := json.NewDecoder(res.Body).Decode(&d); err != nil || res.StatusCode != h.status {
			t.Errorf("%s: %d, %v", h.address, res.StatusCode, err)
		}
		res.Body.Close()
		want := "https://localhost:8443/" + c.facts.TenantID + "/v2.0"
		if strings.Contains(h.address, "ciamlogin") {
			want = "https://" + c.facts.TenantID + ".ciamlogin.com/" + c.facts.TenantID + "/v2.0"
		}
		if h.status == 200 && d.Issuer != want {
			t.Errorf("%s: the issuer is %s", h.address, d.Issuer)
		}
	}
	req, err := http.NewRequest(http.MethodGet, "https://localhost:8443/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example:8443"
	w := &statusOnly{header: http.Header{}}
	c.tenant.API().ServeHTTP(w, req)
	if w.status != http.StatusMisdirectedRequest {
		t.Errorf("a rebound name: got %d", w.status)
	}
}

type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(p []byte) (int, error) { return len(p), nil }

// keep is a store in memory.
type keep struct{ state []byte }

func (k *keep) Load() ([]byte, error)   { return k.state, nil }
func (k *keep) Save(state []byte) error { k.state = slices.Clone(state); return nil }

func TestARestartKeepsWhatWasAcknowledged(t *testing.T) {
	store := &keep{}
	c := newClient(t, sandbox.Config{Store: store})
	password := c.facts.Password
	c.signIn(basic)
	refresh := c.redeem(c.got.Get("code")).Refresh
	again := newClient(t, sandbox.Config{Store: store})
	if again.facts.TenantID != c.facts.TenantID || again.facts.Mailbox != c.facts.Mailbox {
		t.Fatal("it is another tenant")
	}
	if a := again.token("grant_type", "refresh_token", "refresh_token", refresh, "scope", basic); a.Status != 200 {
		t.Errorf("the refresh token got %+v", a)
	}
	again.user.Password = password
	if again.signIn(basic); again.got.Get("code") == "" {
		t.Errorf("the password got %v", again.got)
	}
	if strings.Contains(string(store.state), password) {
		t.Error("the password is in the state")
	}
}

// TestFactsNameTheSeededAppsAfterARestart registers further apps before the
// restart; the facts still name those that the tenant was made with.
func TestFactsNameTheSeededAppsAfterARestart(t *testing.T) {
	store := &keep{}
	c := newClient(t, sandbox.Config{Store: store})
	for _, app := range []string{
		`{"name":"another cli","public":true,"redirectUris":["http://localhost"]}`,
		`{"name":"another web app","redirectUris":["https://app.example/back"]}`,
	} {
		if status, body := order(t, c, "the key", http.MethodPost, "/apps", app); status != http.StatusOK {
			t.Fatalf("got %d %s", status, body)
		}
	}
	want := c.facts
	want.Password = "" // only its hash was stored
	if got := newClient(t, sandbox.Config{Store: store}).facts; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
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
	f.Fuzz(func(t *testing.T, body string) {
		for _, form := range []string{body, body + "&client_id=" + facts.ClientID} {
			res, err := tenant.Client().Post(facts.Authority+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err != nil || res.StatusCode >= 500 || res.StatusCode == 200 {
				t.Errorf("%q: %v, %v", form, res, err)
			}
		}
	})
}
