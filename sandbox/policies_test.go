package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// policy adds a policy.
func (c *client) policy(p control.Policy) control.Policy {
	c.t.Helper()
	added, err := c.tenant.AddPolicy(p)
	if err != nil {
		c.t.Fatal(err)
	}
	return added
}

// acrs returns a claims parameter that requests an authentication context.
func acrs(context string) string {
	return `{"access_token":{"acrs":{"essential":true,"value":"` + context + `"}}}`
}

// contextsOf returns the acrs claim of a token.
func contextsOf(t *testing.T, token string) string {
	t.Helper()
	raw, err := json.Marshal(claimsOf(t, token)["acrs"])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestContextWithoutAPolicyIsIssued shows why an API that requires a context also needs a
// policy that guards it.
func TestContextWithoutAPolicyIsIssued(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope, "claims", acrs("c7"))
	if got := contextsOf(t, c.redeem(c.code()).AccessToken); got != `["c7"]` || len(c.tenant.Mail("")) != 0 {
		t.Errorf("got %s and %d codes by email", got, len(c.tenant.Mail("")))
	}
	c.policy(control.Policy{Name: "off", Contexts: []string{"c7"}})
	c.signIn(readScope, "claims", acrs("c7"))
	if got := contextsOf(t, c.redeem(c.code()).AccessToken); got != `["c7"]` || len(c.tenant.Mail("")) != 0 {
		t.Errorf("a policy that is off: got %s", got)
	}
}

func TestContextWithAPolicyNeedsASecondFactor(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.policy(control.Policy{Name: "step up", On: true, Contexts: []string{"c1"}})
	refresh := c.tokens(readScope).RefreshToken
	silent := c.refresh(refresh, "claims", acrs("c1"))
	c.wantError(silent, 400, 50076)
	if silent.Claims != acrs("c1") {
		t.Errorf("got claims %s", silent.Claims)
	}
	if got := c.refresh(refresh, "claims", acrs("c2")); contextsOf(t, got.AccessToken) != `["c2"]` {
		t.Errorf("a context that no policy guards: got %+v", got)
	}
	c.signIn(readScope, "claims", acrs("C1"))
	stepped := c.redeem(c.code())
	if got := contextsOf(t, stepped.AccessToken); got != `["c1"]` || len(c.tenant.Mail("")) != 1 {
		t.Errorf("got %s and %d codes by email", got, len(c.tenant.Mail("")))
	}
	if got := c.refresh(stepped.RefreshToken); contextsOf(t, got.AccessToken) != "null" {
		t.Errorf("a refresh without claims: got %s", contextsOf(t, got.AccessToken))
	}
	if got := c.refresh(stepped.RefreshToken, "claims", acrs("c1")); contextsOf(t, got.AccessToken) != `["c1"]` {
		t.Errorf("a refresh with claims: got %s", contextsOf(t, got.AccessToken))
	}
}

// TestContextsAreAddedIfTheAPIOptedIn goes through Microsoft's table of opportunistic
// evaluation.
func TestContextsAreAddedIfTheAPIOptedIn(t *testing.T) {
	for _, row := range []struct {
		name      string
		optional  []string
		guarded   []string // contexts of the policy
		mfa       bool
		requested string
		want      string
	}{
		{"not opted in", nil, []string{"c1"}, true, "", "null"},
		{"no second factor", []string{"acrs"}, []string{"c1"}, false, "", "null"},
		{"a second factor", []string{"acrs"}, []string{"c1", "c3"}, true, "", `["c1","c3"]`},
		{"another one requested", []string{"acrs"}, []string{"c1"}, true, "c2", `["c1","c2"]`},
		{"requested only, not opted in", nil, []string{"c1"}, true, "c2", `["c2"]`},
		{"no policy", []string{"acrs"}, nil, true, "", "null"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, sandbox.Config{})
			api, scope := c.api(2, row.optional...)
			if row.mfa {
				c.policy(control.Policy{Name: "MFA", On: true, APIs: []string{api.ID}})
			}
			if row.guarded != nil {
				c.policy(control.Policy{Name: "step up", On: true, Contexts: row.guarded})
			}
			claims := ""
			if row.requested != "" {
				claims = acrs(row.requested)
			}
			c.signIn("openid "+scope, "claims", claims)
			if got := contextsOf(t, c.redeem(c.code()).AccessToken); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestContextsOfIDTokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.policy(control.Policy{Name: "step up", On: true, Contexts: []string{"c1"}})
	c.signIn(readScope, "claims", `{"id_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	got := c.redeem(c.code())
	id, access := contextsOf(t, got.IDToken), contextsOf(t, got.AccessToken)
	if id != `["c1"]` || access != "null" || len(c.tenant.Mail("")) != 1 {
		t.Errorf("got %s in the ID token, %s in the access token", id, access)
	}
	c.signIn(readScope, "claims", `{"access_token":{"acrs":{"values":["c1","banana","c100","c0"]}}}`)
	got = c.redeem(c.code())
	if contextsOf(t, got.AccessToken) != `["c1"]` || contextsOf(t, got.IDToken) != "null" {
		t.Errorf("got %s in the access token", contextsOf(t, got.AccessToken))
	}
}

// TestPolicyAppliesToTheServiceThatATokenIsFor exchanges a token that was issued before the
// policies were switched on.
func TestPolicyAppliesToTheServiceThatATokenIsFor(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	weak := c.tokens("openid offline_access " + c.facts.EditScope)
	if err := c.tenant.SetPolicy(true); err != nil {
		t.Fatal(err)
	}
	c.wantError(c.refresh(weak.RefreshToken, "scope", c.facts.EditScope), 400, 50076)
	if got := c.exchange(weak.AccessToken); got.Status != 200 {
		t.Errorf("the policy of the mid-tier applied to a token for Graph: %+v", got)
	}
	graph := c.policy(control.Policy{Name: "MFA for Graph", On: true, APIs: []string{graphURI}})
	got := c.exchange(weak.AccessToken)
	c.wantError(got, 400, 50076)
	wantClaims := `{"access_token":{"capolids":{"essential":true,"values":["` + graph.ID + `"]}}}`
	if got.Error != "interaction_required" || got.Claims != wantClaims {
		t.Errorf("got %s with claims %s", got.Error, got.Claims)
	}
	// The client sends the claims with the scope of the mid-tier, and the exchange passes.
	if err := c.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	c.signIn("openid "+c.facts.EditScope, "claims", got.Claims)
	if len(c.tenant.Mail("")) != 1 {
		t.Fatal("the claims of the challenge did not require a second factor")
	}
	if got := c.exchange(c.redeem(c.code()).AccessToken); got.Status != 200 {
		t.Errorf("after the step-up: got %+v", got)
	}
}

func TestChallengeNamesTheGuardingPolicies(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	refresh := c.tokens(readScope).RefreshToken
	second := c.policy(control.Policy{
		Name:     "second",
		On:       true,
		APIs:     []string{c.facts.MidTierID},
		Contexts: []string{"c4"},
	})
	c.policy(control.Policy{Name: "another API", On: true, APIs: []string{graphURI}})
	c.policy(control.Policy{Name: "off", APIs: []string{c.facts.MidTierID}})
	got := c.refresh(refresh, "scope", c.facts.EditScope, "claims", acrs("c4"))
	c.wantError(got, 400, 50076)
	want := `{"access_token":{"acrs":{"essential":true,"value":"c4"},"capolids":{"essential":true,"values":["` +
		c.facts.PolicyID + `","` + second.ID + `"]}}}`
	if got.Claims != want {
		t.Errorf("got claims %s\nwant       %s", got.Claims, want)
	}
}

func TestClaimsOfAPolicyThatIsOffRequireNothing(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	claims := `{"access_token":{"capolids":{"essential":true,"values":["` + c.facts.PolicyID + `"]}}}`
	if c.signIn(readScope, "claims", claims); c.code() == "" || len(c.tenant.Mail("")) != 0 {
		t.Errorf("got %v", c.response)
	}
}

// TestNestedExchanges passes a user through two mid-tiers to Graph.
func TestNestedExchanges(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	inner := c.app(control.App{
		Name:         "inner",
		AppIDURI:     "https://inner.contoso.example",
		Scopes:       []string{"Inner.Use"},
		TokenVersion: 2,
		Permissions:  []string{"User.ReadWrite"},
	})
	outer := c.app(control.App{
		Name:        "outer",
		AppIDURI:    "api://outer",
		Scopes:      []string{"Outer.Use"},
		Permissions: []string{"https://inner.contoso.example/Inner.Use"},
	})
	front := c.app(control.App{
		Name:         "front",
		Public:       true,
		RedirectURIs: []string{"http://localhost"},
		Permissions:  []string{"api://outer/Outer.Use"},
	})
	c.facts.ClientID = front.ID
	first := c.tokens("openid profile offline_access api://outer/Outer.Use")
	second := c.exchange(first.AccessToken, "client_id", outer.ID, "client_secret", outer.Secret,
		"scope", "https://inner.contoso.example/.default")
	if c.audience(second) != inner.ID || claimsOf(t, second.AccessToken)["azp"] != outer.ID {
		t.Fatalf("got %+v", second)
	}
	third := c.exchange(second.AccessToken, "client_id", inner.ID, "client_secret", inner.Secret)
	if status, _ := c.graph("PATCH", "/v1.0/me", third.AccessToken, `{"city":"Bern"}`); status != 204 {
		t.Errorf("PATCH /me: got %d with %+v", status, third)
	}
	c.wantError(c.exchange(first.AccessToken, "client_id", inner.ID, "client_secret", inner.Secret), 400, 500131)
	c.wantError(c.refresh(first.RefreshToken, "scope", "https://inner.contoso.example/Inner.Use"), 400, 65001)
	c.policy(control.Policy{Name: "MFA for inner", On: true, APIs: []string{inner.AppIDURI}})
	got := c.exchange(first.AccessToken, "client_id", outer.ID, "client_secret", outer.Secret,
		"scope", "https://inner.contoso.example/Inner.Use")
	if c.wantError(got, 400, 50076); !strings.Contains(got.Claims, "capolids") {
		t.Errorf("got %+v", got)
	}
}
