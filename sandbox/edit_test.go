package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestChangeUserChangesWhatIsNamed(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	name, address, on := "Casey J.", "casey.j@contoso.example", true
	change := control.UserChange{
		Email:   &address,
		MFA:     &on,
		Profile: map[string]*string{"displayName": &name, "city": nil},
	}
	if err := c.tenant.ChangeUser(c.facts.User, change); err != nil {
		t.Fatal(err)
	}
	profile := c.tenant.Profile(address)
	if *profile["displayName"] != name || profile["city"] != nil || *profile["country"] != "Denmark" {
		t.Errorf("got %v", profile)
	}
	c.user.Email = address
	if got := c.tokens(readScope); got.Status != 200 || len(c.tenant.Mail(address)) != 1 {
		t.Errorf("a sign-in with the new address and a second factor: got %+v", got)
	}
}

func TestResetPasswordEndsSignInsAndUnlocksTheAccount(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	before := c.tokens(readScope)
	c.user.WrongPasswords = []string{"1", "2", "3", "4", "5"}
	c.signInFails(readScope)
	password, err := c.tenant.ResetPassword(c.facts.User, "")
	if err != nil {
		t.Fatal(err)
	}
	c.wantError(c.refresh(before.RefreshToken), 400, 50173)
	c.user.Password, c.user.WrongPasswords = password, nil
	if got := c.tokens(readScope); got.Status != 200 {
		t.Errorf("got %+v", got)
	}
}

func TestRemovedUsersCannotContinue(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const ada, password = "ada@contoso.example", "Correct horse battery"
	if err := c.tenant.AddUser(ada, password, "Ada"); err != nil {
		t.Fatal(err)
	}
	c.user.Email, c.user.Password = ada, password
	got := c.tokens(readScope)
	if err := c.tenant.RemoveUser(strings.ToUpper(ada)); err != nil {
		t.Fatal(err)
	}
	if refreshed := c.refresh(got.RefreshToken); refreshed.Status != http.StatusBadRequest {
		t.Errorf("the refresh token: got %+v", refreshed)
	}
	if status, _ := c.graph(http.MethodGet, "/v1.0/me", got.AccessToken, ""); status == http.StatusOK {
		t.Error("Graph accepts the access token")
	}
}

func TestRemovedAPIsLeaveNoConsentsAndPolicies(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	api, err := c.tenant.AddApp(control.App{Name: "orders", Scopes: []string{"Orders.Read", "Orders.Write"}})
	if err != nil {
		t.Fatal(err)
	}
	change := control.AppChange{
		Permissions: []string{"User.Read", api.AppIDURI + "/Orders.Read", api.ID + "/Orders.Write"},
	}
	if err := c.tenant.ChangeApp(c.facts.ClientID, change); err != nil {
		t.Fatal(err)
	}
	for _, p := range []control.Policy{
		{Name: "orders", APIs: []string{api.ID}},
		{Name: "both", APIs: []string{api.ID}, Contexts: []string{"c7"}},
	} {
		if _, err := c.tenant.AddPolicy(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.tenant.ChangeApp(api.ID, control.AppChange{Scopes: []string{"Orders.Read"}}); err != nil {
		t.Fatal(err)
	}
	if _, body := c.control(controlKey, "GET", "/apps", ""); strings.Contains(body, "Orders.Write") {
		t.Errorf("a scope that is gone is still granted: %s", body)
	}
	if err := c.tenant.RemoveApp(api.ID); err != nil {
		t.Fatal(err)
	}
	if _, body := c.control(controlKey, "GET", "/apps", ""); strings.Contains(body, "Orders.Read") {
		t.Errorf("a scope of the removed API is still granted: %s", body)
	}
	policies := c.tenant.Policies()
	if len(policies) != 2 || policies[1].Name != "both" || len(policies[1].APIs) != 0 {
		t.Errorf("got %+v", policies)
	}
	for name, want := range map[string]bool{"both": true, "nothing": false} {
		if err := c.tenant.SwitchPolicy(name, true); (err == nil) != want {
			t.Errorf("switch %s: %v", name, err)
		}
	}
}

func TestImportedUsersKeepTheirPasswordsAndSignIns(t *testing.T) {
	from := newClient(t, sandbox.Config{})
	got := from.tokens(readScope)
	file, err := from.tenant.Export(true)
	if err != nil {
		t.Fatal(err)
	}
	to := newClient(t, sandbox.Config{})
	if err := to.tenant.Import(file); err != nil {
		t.Fatal(err)
	}
	to.facts, to.user.Password = to.tenant.Facts(), from.user.Password
	if refreshed := to.refresh(got.RefreshToken); refreshed.Status != http.StatusOK {
		t.Errorf("the refresh token: got %+v", refreshed)
	}
	if status, _ := to.graph(http.MethodGet, "/v1.0/me", got.AccessToken, ""); status != http.StatusOK {
		t.Errorf("the access token at Graph: got %d", status)
	}
	if again := to.tokens(readScope); again.Status != http.StatusOK {
		t.Errorf("a sign-in with the old password: got %+v", again)
	}
}
