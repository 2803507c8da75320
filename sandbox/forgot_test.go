package sandbox_test

import (
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestAForgottenPassword(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	before := c.redeem(c.got.Get("code"))
	old := c.person.Password
	c.person.Password, c.person.Forgot = "a brand new password", true
	c.signIn(basic)
	if got := c.redeem(c.got.Get("code")); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	// a new password ends every earlier sign-in, and the old one opens nothing
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", before.Refresh, "scope", basic), 400, 50173)
	c.person.Forgot, c.person.Slips = false, []string{old}
	c.signIn(basic)
	if c.got.Get("code") == "" {
		t.Error("the new password does not work")
	}
}

func TestAnAddressWithoutAnAccountIsToldNothing(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.person.Email, c.person.Forgot = "nobody@contoso.example", true
	c.person.Code = nil // there is no mail, so the page with the code is the last one
	c.signInFails(basic)
	if mail := c.tenant.Mail("nobody@contoso.example"); len(mail) != 0 {
		t.Errorf("mailed %v", mail)
	}
	var forms []string
	if c.browser != nil {
		forms = c.browser.Forms
	}
	if got := strings.Join(forms, " "); got != "forgotten forgot code-form" {
		t.Errorf("the pages were %q", got)
	}
}
