package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// lastAudit returns the latest entry of a part of the tenant.
func (c *client) lastAudit(part string) (last control.AuditEntry) {
	c.t.Helper()
	for _, e := range c.tenant.Audit(0) {
		if e.Part == part {
			last = e
		}
	}
	return last
}

func TestAuditNamesWhoAskedForWhatAndWasIssuedIt(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.tokens("openid offline_access " + c.facts.EditScope)
	got := c.lastAudit("token")
	if got.Decision != control.Issued || got.Client == "" || got.ClientID != c.facts.ClientID ||
		got.User != c.facts.User || got.Grant != "authorization_code" || got.Status != http.StatusOK ||
		got.Method != http.MethodPost || !strings.HasSuffix(got.Path, "/oauth2/v2.0/token") ||
		got.Time.IsZero() || got.Number == 0 {
		t.Errorf("got %+v", got)
	}
	const want = "issued to edit-profile-cli an access token for edit-profile-service with " +
		"EditProfileService.ReadWrite, an ID token and a refresh token; the user completed a second factor"
	if got.Outcome() != want {
		t.Errorf("got  %s\nwant %s", got.Outcome(), want)
	}
}

func TestAuditNamesTheCauseOfRefusals(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	scope := "openid offline_access " + c.facts.EditScope
	get := func(address string) {
		res, err := c.tenant.Client().Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	for _, row := range []struct {
		name, part, want string
		do               func()
	}{
		{"a redirect URI that is not registered", "pages",
			`the redirect URI "http://localhost:3001/x" is not registered for ciam-client-app; registered: http`,
			func() {
				get(c.authorizeURL(scope, "client_id", c.facts.WebClientID, "redirect_uri", "http://localhost:3001/x"))
			}},
		{"a code without its verifier", "token", "the token request has no code_verifier", func() {
			c.signIn(readScope)
			c.redeem(c.code(), "code_verifier", "")
		}},
		{"a code twice", "token", "the code was redeemed before", func() { c.redeem(c.code()) }},
		{"a code of another client", "token", "the code was issued to edit-profile-cli", func() {
			c.signIn(readScope)
			c.redeem(c.code(), "client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret)
		}},
		{"an old code", "token", "codes last 10m0s", func() {
			c.signIn(readScope)
			c.tenant.FastForward(11 * time.Minute)
			c.redeem(c.code())
		}},
		{"a foreign refresh token", "token", "not one of this tenant", func() { c.refresh("1.foreign") }},
		{"a refresh token without a second factor", "token",
			`the user signed in without a second factor, and the policy "MFA for EditProfileService" applies`,
			func() { c.refresh(c.tokens(readScope).RefreshToken, "scope", scope) }},
		{"a refresh token of a sign-in that was ended", "token", "the sign-in was ended", func() {
			refresh := c.tokens(readScope).RefreshToken
			if err := c.tenant.RevokeSessions(c.facts.User); err != nil {
				t.Fatal(err)
			}
			c.refresh(refresh)
		}},
		{"Graph without a token", "graph", "the request has no bearer token", func() {
			get(c.facts.Graph + "/v1.0/me")
		}},
	} {
		row.do()
		if got := c.lastAudit(row.part); got.Decision != control.Refused || !strings.Contains(got.Reason, row.want) {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}

func TestAuditWaitsForTheNextEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
		if err != nil {
			t.Fatal(err)
		}
		found := make(chan []control.AuditEntry, 1)
		go func() { found <- tenant.WaitForAudit(t.Context(), 0) }()
		synctest.Wait()
		res, err := tenant.Client().Get(tenant.Facts().Authority + "/discovery/v2.0/keys")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := <-found; len(got) != 1 || got[0].Outcome() != "returned the signing keys" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestControlWaitsForTheAuditNoLongerThanAsked(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	started := time.Now()
	status, body := c.control(controlKey, http.MethodGet, "/audit?after=0&wait=1ms", "")
	if status != http.StatusOK || strings.TrimSpace(body) != "[]" {
		t.Errorf("got %d %s", status, body)
	}
	if time.Since(started) > 10*time.Second {
		t.Error("the request waited too long")
	}
	for _, query := range []string{"after=-1", "after=x", "wait=-1s", "wait=5"} {
		if status, body := c.control(controlKey, http.MethodGet, "/audit?"+query, ""); status != http.StatusBadRequest {
			t.Errorf("%s: got %d %s", query, status, body)
		}
	}
}

func TestAuditKeepsTheLatestThousandEntries(t *testing.T) {
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 1005 {
		res, err := tenant.Client().Get(tenant.Facts().Graph + "/" + strings.Repeat("x", 4<<10))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	all := tenant.Audit(0)
	if len(all) != 1000 || all[0].Number != 6 || all[999].Number != 1005 || len(tenant.Audit(1000)) != 5 {
		t.Errorf("kept %d entries", len(all))
	}
	if len(all[0].Path) > 500 {
		t.Errorf("kept %d bytes of a path", len(all[0].Path))
	}
}

// TestAuditHoldsNoSecrets sends a marked value wherever a request carries a secret, and
// signs in with a marked password. None of them may occur in the audit.
func TestAuditHoldsNoSecrets(t *testing.T) {
	const marked = "MarkedSecret123"
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.AddUser("marked@contoso.example", marked+"!", "Marked"); err != nil {
		t.Fatal(err)
	}
	c.user.Email, c.user.Password = "marked@contoso.example", marked+"!"
	c.user.WrongPasswords = []string{marked + "wrong"}
	c.signIn("openid offline_access "+c.facts.EditScope, "state", marked, "nonce", marked, "login_hint", c.user.Email)
	got := c.redeem(c.code())
	secrets := []string{
		marked, got.AccessToken, got.RefreshToken, got.IDToken, c.code(), verifier, c.facts.MidTierSecret,
	}
	for _, m := range c.tenant.Mail("") {
		secrets = append(secrets, m.Code)
	}
	for _, parameter := range []string{
		"code", "code_verifier", "refresh_token", "assertion", "client_secret", "client_assertion",
		"device_code", "password", "state", "nonce", "claims",
	} {
		for _, grant := range []string{
			"authorization_code", "refresh_token", "device_code", "client_credentials", grantOBO, "password",
		} {
			c.token("grant_type", grant, "requested_token_use", "on_behalf_of", parameter, marked)
		}
	}
	c.redeem(c.code()) // a second time
	c.exchange(got.AccessToken)
	c.graph(http.MethodGet, "/v1.0/me", marked, "")
	c.graph(http.MethodPatch, "/v1.0/me", got.AccessToken, `{"city":"`+marked+`"}`)
	audit, err := json.Marshal(c.tenant.Audit(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if secret == "" || strings.Contains(string(audit), secret) {
			t.Errorf("the audit contains %q", secret)
		}
	}
}
