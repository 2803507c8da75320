package sandbox_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// TestFactsFollowTheAdministratorOfAnEmptyTenant treats the administrator as other tenants
// treat the seeded user.
func TestFactsFollowTheAdministratorOfAnEmptyTenant(t *testing.T) {
	c := newClient(t, sandbox.Config{Empty: true})
	file, err := c.tenant.Export(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.tenant.Import(file); err != nil {
		t.Fatal(err)
	}
	if got := c.tenant.Facts(); got.AdminPassword == "" || got.AdminPassword != c.facts.AdminPassword {
		t.Errorf("after an import of the same tenant: got the password %q", got.AdminPassword)
	}
	email, password := "root@contoso.onmicrosoft.com", "a new password 1"
	if err := c.tenant.ChangeUser(c.facts.Admin, control.UserChange{Email: &email, Password: password}); err != nil {
		t.Fatal(err)
	}
	if got := c.tenant.Facts(); got.Admin != email || got.AdminPassword != password {
		t.Errorf("after a change: got %s, %q", got.Admin, got.AdminPassword)
	}
	err = c.tenant.RemoveUser(email)
	want := "the account " + email + " belongs to the sandbox and cannot be removed"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestImportForgetsThePasswordOfAnotherUser imports a tenant whose first customer has the
// address of a user who is not the seeded one.
func TestImportForgetsThePasswordOfAnotherUser(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const ada = "ada@contoso.example"
	if err := c.tenant.AddUser(ada, "another password 1", "Ada"); err != nil {
		t.Fatal(err)
	}
	email := "zoe@contoso.example"
	if err := c.tenant.ChangeUser(c.facts.User, control.UserChange{Email: &email}); err != nil {
		t.Fatal(err)
	}
	if err := c.tenant.ChangeUser(ada, control.UserChange{Email: &c.facts.User}); err != nil {
		t.Fatal(err)
	}
	file, err := c.tenant.Export(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.tenant.Import(file); err != nil {
		t.Fatal(err)
	}
	if got := c.tenant.Facts(); got.Password != "" {
		t.Errorf("got the password %q of %s for %s", got.Password, email, got.User)
	}
}
