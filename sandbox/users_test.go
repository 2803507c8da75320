package sandbox_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestAddUserRejectsATakenAddress(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for _, email := range []string{c.facts.User, "CASEY@Contoso.Example"} {
		err := c.tenant.AddUser(email, "Another password", "Another")
		if want := "the sandbox already has an account " + email; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", email, err, want)
		}
	}
	if c.signIn(readScope); c.code() == "" {
		t.Errorf("the existing account cannot sign in: got %v", c.response)
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
	refresh := c.tokens(readScope).RefreshToken
	if err := c.tenant.RevokeSessions(c.facts.User); err != nil {
		t.Fatal(err)
	}
	c.wantError(c.refresh(refresh), 400, 50173)
}

func TestFactsFollowTheSeededUser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	before := c.tenant.SavedPassword()
	email, password := "casey.j@contoso.example", "a new password 1"
	change := control.UserChange{Email: &email, Password: password}
	if err := c.tenant.ChangeUser(c.facts.User, change); err != nil {
		t.Fatal(err)
	}
	if got := c.tenant.Facts(); got.User != email || got.Password != password {
		t.Errorf("got %s, %q", got.User, got.Password)
	}
	if c.tenant.RestorePassword(before) || !c.tenant.RestorePassword(c.tenant.SavedPassword()) {
		t.Error("RestorePassword accepts the wrong password")
	}
}

func TestFactsFollowNewSecrets(t *testing.T) {
	attributes := []control.Attribute{{Name: "Diet", Property: "extension_0123456789abcdef0123456789abcdef_Diet"}}
	c := newClient(t, sandbox.Config{Attributes: attributes})
	want := c.tenant.Facts()
	for id, secret := range map[string]*string{
		want.WebClientID:  &want.WebSecret,
		want.MidTierID:    &want.MidTierSecret,
		want.AttributesID: &want.AttributesSecret,
	} {
		app, err := c.tenant.ReplaceSecret(id)
		if err != nil {
			t.Fatal(err)
		}
		*secret = app.Secret
	}
	if got := c.tenant.Facts(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
