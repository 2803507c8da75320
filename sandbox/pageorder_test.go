package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// attacker is a user of the tenant who submits the forms of the sign-in pages in any order.
type attacker struct {
	*client
	jar http.CookieJar
	tx  string
}

const newcomer = "new@contoso.example" // has no account

// newAttacker starts a sign-in that needs a second factor.
func newAttacker(t *testing.T, c *client) attacker {
	t.Helper()
	if err := c.tenant.AddUser(eve, evesPassword, "Eve"); err != nil {
		t.Fatal(err)
	}
	a := attacker{client: c, jar: newJar(t)}
	_, page := a.open(a.jar, http.MethodGet, a.authorizeURL("openid "+a.facts.EditScope), nil)
	a.tx = tx(page)
	return a
}

// submit submits a form, and returns the next page.
func (a attacker) submit(path string, pairs ...string) string {
	a.t.Helper()
	form := url.Values{"tx": {a.tx}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	_, page := a.post(a.jar, path, form)
	return page
}

// enterCode enters the newest code that was sent to the address.
func (a attacker) enterCode(to string) string {
	a.t.Helper()
	mail := a.tenant.Mail(to)
	if len(mail) == 0 {
		a.t.Fatalf("no code was sent to %s", to)
	}
	return a.submit("code", "code", mail[0].Code)
}

func (a attacker) signUp(email string) {
	a.t.Helper()
	a.submit("sign-up", "email", email, "password", "A good password", "name", "New")
}

// TestCodeCountsOnlyForWhatItWasSentFor submits the forms of two flows in one sign-in: the code
// of one of them must not finish the other one, for another account.
func TestCodeCountsOnlyForWhatItWasSentFor(t *testing.T) {
	for _, row := range []struct {
		name   string
		attack func(a attacker, victim string)
		signUp bool // the attacker has verified the new address
	}{
		{name: "a reset of two passwords", attack: func(a attacker, victim string) {
			a.submit("forgot", "email", eve)
			a.enterCode(eve)
			a.submit("forgot", "email", victim)
		}},
		{name: "a reset, and a sign-up", attack: func(a attacker, victim string) {
			a.submit("forgot", "email", victim)
			a.signUp(newcomer)
			a.enterCode(newcomer)
		}, signUp: true},
		{name: "a reset, and a second factor", attack: func(a attacker, victim string) {
			a.submit("forgot", "email", victim)
			a.submit("password", "email", eve, "password", evesPassword)
			a.enterCode(eve)
		}},
		{name: "a sign-up, and a second factor", attack: func(a attacker, _ string) {
			a.signUp(newcomer)
			a.submit("password", "email", eve, "password", evesPassword)
			a.enterCode(eve)
		}},
		{name: "a sign-up, and a reset", attack: func(a attacker, _ string) {
			a.signUp(newcomer)
			a.submit("forgot", "email", eve)
			a.enterCode(eve)
			a.submit("new-password", "password", "Another passphrase")
			a.enterCode(eve)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttacker(t, newClient(t, sandbox.Config{}))
			before := a.facts
			row.attack(a, before.User)
			a.submit("new-password", "password", "The attacker's choice")
			if got := a.tenant.Facts().Password; got != before.Password {
				t.Errorf("the password of another user was changed to %q", got)
			}
			if created := len(a.tenant.Profile(newcomer)) > 0; created != row.signUp {
				t.Errorf("an account for the new address was created: %v", created)
			}
		})
	}
}

// TestSecondFactorIsThatOfTheAccount switches to another account while the limits of the
// tenant prevent a code for it.
func TestSecondFactorIsThatOfTheAccount(t *testing.T) {
	a := newAttacker(t, stoppedTenant(t))
	a.submit("password", "email", eve, "password", evesPassword)
	for a.keys(1, "127.0.0.1").Code == http.StatusOK {
	}
	a.submit("password", "email", a.facts.User, "password", a.facts.Password)
	if page := a.enterCode(eve); strings.Contains(page, `id="form-post"`) {
		t.Error("the code of one user signed in another one")
	}
}

// TestPagesKeepTheirOrder submits forms of pages that were not shown.
func TestPagesKeepTheirOrder(t *testing.T) {
	t.Run("an account instead of a new sign-in", func(t *testing.T) {
		for _, pairs := range [][]string{{"prompt", "login"}, {"prompt", "select_account", "max_age", "60"}} {
			c := newClient(t, sandbox.Config{})
			jar := newJar(t)
			_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
			c.post(jar, "password", c.passwordForm(page))
			c.tenant.FastForward(2 * time.Minute)
			_, page = c.open(jar, http.MethodGet, c.authorizeURL(readScope, pairs...), nil)
			_, page = c.post(jar, "account", url.Values{"tx": {tx(page)}, "account": {c.facts.User}})
			if !strings.Contains(page, "/sign-in/password") {
				t.Errorf("%s: signed in without a password", pairs)
			}
		}
	})
	t.Run("a sign-up that no user flow allows", func(t *testing.T) {
		c := newClient(t, sandbox.Config{Empty: true})
		c.facts.ClientID = graphPS
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL(readScope), nil)
		attacker{client: c, jar: jar, tx: tx(page)}.signUp(newcomer)
		if mail := c.tenant.Mail(newcomer); len(mail) != 0 {
			t.Error("the sign-up was started")
		}
	})
	t.Run("a consent before the second factor", func(t *testing.T) {
		c := newAdmin(t, sandbox.Config{}, "Policy.ReadWrite.AuthenticationMethod")
		c.call(http.MethodPatch, "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email",
			`{"@odata.type":"#microsoft.graph.emailAuthenticationMethodConfiguration","state":"enabled"}`, 204)
		on := true
		if err := c.tenant.ChangeUser(c.facts.Admin, control.UserChange{MFA: &on}); err != nil {
			t.Fatal(err)
		}
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL("openid Application.Read.All"), nil)
		a := attacker{client: c.client, jar: jar, tx: tx(page)}
		a.submit("password", "email", c.facts.Admin, "password", c.facts.AdminPassword)
		a.submit("consent", "all", "1")
		if page := a.enterCode(c.facts.Admin); !strings.Contains(page, "Permissions requested") {
			t.Error("the administrator granted permissions without a second factor")
		}
	})
}
