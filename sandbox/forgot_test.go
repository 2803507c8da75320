package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestAForgottenPassword(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(basic)
	before := c.redeem(c.got.Get("code"))
	old := c.user.Password
	c.user.Password, c.user.Forgot = "a brand new password", true
	c.signIn(basic)
	if got := c.redeem(c.got.Get("code")); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	// a new password ends every earlier sign-in, and the old one opens nothing
	c.refuses(c.token("grant_type", "refresh_token", "refresh_token", before.Refresh, "scope", basic), 400, 50173)
	c.user.Forgot, c.user.WrongPasswords = false, []string{old}
	c.signIn(basic)
	if c.got.Get("code") == "" {
		t.Error("the new password does not work")
	}
}

func TestAnAddressWithoutAnAccountIsToldNothing(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.Email, c.user.Forgot = "nobody@contoso.example", true
	c.user.Code = nil // there is no mail, so the page with the code is the last one
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

// TestForgottenPasswordLeavesOtherMailAlone fills the mailbox with the codes of
// one user, so that any further message, even one that is withdrawn at once,
// would push the oldest code out.
func TestForgottenPasswordLeavesOtherMailAlone(t *testing.T) {
	const capacity = 1000 // messages
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL("openid "+c.facts.EditScope), nil, nil)
	signIn := url.Values{"tx": {tx(page)}, "email": {c.facts.User}, "password": {c.facts.Password}}
	c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/password", signIn, nil) // mails the first code
	for range capacity - 1 {
		c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/resend", url.Values{"tx": {tx(page)}}, nil)
	}
	before := c.tenant.Mail("")
	jar = newJar(t)
	_, page = c.open(jar, http.MethodGet, c.authorizeURL(basic), nil, nil)
	forgot := url.Values{"tx": {tx(page)}, "email": {"nobody@contoso.example"}}
	c.open(jar, http.MethodPost, c.facts.Pages+"/sign-in/forgot", forgot, nil)
	if after := c.tenant.Mail(""); !slices.Equal(after, before) {
		t.Errorf("%d of %d codes are left", len(after), len(before))
	}
}
