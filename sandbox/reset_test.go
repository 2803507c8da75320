package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestPasswordResetEndsEarlierSignIns(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	before := c.tokens(readScope)
	old := c.user.Password
	c.user.Password, c.user.Forgot = "A brand new password", true
	if got := c.tokens(readScope); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	c.wantError(c.refresh(before.RefreshToken), 400, 50173)
	c.user.Forgot, c.user.WrongPasswords = false, []string{old}
	c.signIn(readScope)
	if forms := strings.Join(c.browser.Forms, " "); c.code() == "" || forms != "sign-in sign-in form-post" {
		t.Errorf("the old password, then the new one: got %v after %s", c.response, forms)
	}
}

func TestPasswordResetRevealsNoAccounts(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.Email, c.user.Forgot = "nobody@contoso.example", true
	c.user.Code = nil // no mail is sent, so the page for the code is the last one
	c.signInFails(readScope)
	if mail := c.tenant.Mail("nobody@contoso.example"); len(mail) != 0 {
		t.Errorf("mailed %v", mail)
	}
	if got := strings.Join(c.browser.Forms, " "); got != "forgotten forgot code-form" {
		t.Errorf("got forms %q", got)
	}
}

// TestPasswordResetLeavesOtherMailAlone fills the mailbox with the codes of one
// user, so that any further message, even one that is withdrawn immediately,
// would push the oldest code out.
func TestPasswordResetLeavesOtherMailAlone(t *testing.T) {
	const capacity = 1000 // messages
	c := newClient(t, sandbox.Config{})
	jar := newJar(t)
	_, page := c.open(jar, http.MethodGet, c.authorizeURL("openid "+c.facts.EditScope), nil)
	c.post(jar, "password", c.passwordForm(page)) // mails the first code
	for range capacity - 1 {
		c.post(jar, "resend", url.Values{"tx": {tx(page)}})
	}
	before := c.tenant.Mail("")
	jar = newJar(t)
	_, page = c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
	c.post(jar, "forgot", url.Values{"tx": {tx(page)}, "email": {"nobody@contoso.example"}})
	if after := c.tenant.Mail(""); !slices.Equal(after, before) {
		t.Errorf("%d of %d codes are left", len(after), len(before))
	}
}
