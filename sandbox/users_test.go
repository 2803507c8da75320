package sandbox_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestAddUserRejectsATakenAddress(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, email := range []string{c.facts.User, "CASEY@Contoso.Example"} {
		err := c.tenant.AddUser(email, "another password", "Another")
		if want := "the sandbox already has an account " + email; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", email, err, want)
		}
	}
	if c.signIn(basic); c.got.Get("code") == "" {
		t.Errorf("the account cannot sign in any more: got %v", c.got)
	}
}

func TestRevokeSessionsRejectsAnUnknownUser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	err := c.tenant.RevokeSessions("nobody@contoso.example")
	if want := "the sandbox has no account nobody@contoso.example"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRevokeSessionsEndsEverySignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	refresh := c.redeem(c.got.Get("code")).Refresh
	if err := c.tenant.RevokeSessions(c.facts.User); err != nil {
		t.Fatal(err)
	}
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", refresh, "scope", basic), 400, 50173)
}
