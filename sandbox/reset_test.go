package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

func TestPasswordResetEndsEarlierSignIns(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	before := c.tokens(readScope)
	old := c.user.Password
	c.user.Password, c.user.Forgot = "A brand new password", true
	if got := c.tokens(readScope); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	if got := c.tenant.Facts().Password; got != c.user.Password {
		t.Errorf("the tenant knows the password %q", got)
	}
	c.wantError(c.refresh(before.RefreshToken), 400, 50173)
	c.user.Forgot, c.user.WrongPasswords = false, []string{old}
	c.signIn(readScope)
	if forms := strings.Join(c.browser.Forms, " "); c.code() == "" || forms != "sign-in sign-in form-post" {
		t.Errorf("the old password, then the new one: got %v after %s", c.response, forms)
	}
}

// TestPasswordResetKeepsTheTokensOfConfidentialClients follows the table of Microsoft's page on
// refresh tokens.
func TestPasswordResetKeepsTheTokensOfConfidentialClients(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	secret := []string{"client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret}
	c.signIn(readScope, "client_id", c.facts.WebClientID, "redirect_uri", "http://localhost:3000", "code_challenge", "",
		"code_challenge_method", "")
	form := []string{"grant_type", "authorization_code", "code", c.code(), "redirect_uri", "http://localhost:3000"}
	before := c.token(append(form, secret...)...)
	browser := c.browser
	c.user.Password, c.user.Forgot = "A brand new passw0rd", true
	c.tokens(readScope)
	if got := c.refresh(before.RefreshToken, secret...); got.Status != 200 {
		t.Errorf("a reset password ended the sign-in at a confidential client: %+v", got)
	}
	if _, err := browser.Open(t.Context(), c.authorizeURL(readScope, "prompt", "none")); err != nil {
		t.Fatal(err)
	}
	if c.response.Get("error") != "login_required" {
		t.Errorf("the browser's session is alive: %v", c.response)
	}
	if err := c.tenant.RevokeSessions(c.facts.User); err != nil {
		t.Fatal(err)
	}
	c.wantError(c.refresh(before.RefreshToken, secret...), 400, 50173)
}

// TestPagesRejectBannedPasswords: the pages for a reset and for a sign-up have the rule of Graph's
// changePassword.
func TestPagesRejectBannedPasswords(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	known, old := c.user, c.facts.Password
	for form, user := range map[string]robot.User{
		"new-password": {Email: known.Email, Code: known.Code, Forgot: true},
		"sign-up":      {Email: "new@contoso.example", Code: known.Code, Name: "New", SignUp: true},
	} {
		c.user = user
		c.user.Password = "P@ssw0rd1!"
		c.newBrowser()
		_, _ = c.browser.Open(t.Context(), c.authorizeURL(readScope)) // the robot may submit the form until it gives up
		forms := c.browser.Forms
		if last := forms[len(forms)-1]; last != form || c.code() != "" {
			t.Errorf("%s: got %v after %v", form, c.response, forms)
		}
	}
	if got := c.tenant.Facts().Password; got != old {
		t.Errorf("the password is %q", got)
	}
}

func TestPasswordResetRevealsNoAccounts(t *testing.T) {
	const unknown = "corey@contoso.example" // pages show it like casey's address: c*****y@contoso.example
	c := newClient(t, sandbox.Config{})
	// pages returns the page for the code, and the one after a wrong code, without the transaction.
	pages := func(email string) []string {
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
		form := url.Values{"tx": {tx(page)}, "email": {email}, "code": {"00000000"}}
		var texts []string
		for _, path := range []string{"forgot", "code"} {
			res, page := c.post(jar, path, form)
			texts = append(texts, res.Status+"\n"+strings.ReplaceAll(page, tx(page), "TX"))
		}
		return texts
	}
	known, other := pages(c.facts.User), pages(unknown)
	for i, want := range []string{"c*****y@contoso.example", "That code is incorrect."} {
		if known[i] != other[i] || !strings.Contains(known[i], want) {
			t.Errorf("with an account:\n%s\nwithout one:\n%s", known[i], other[i])
		}
	}
	if mail := c.tenant.Mail(unknown); len(mail) != 0 {
		t.Errorf("mailed %v", mail)
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
