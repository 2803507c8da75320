package sandbox_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

func TestSignUp(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.Email, c.user.Password, c.user.SignUp = "new@contoso.example", "A good password", true
	if got := c.tokens(readScope); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	mail := c.tenant.Mail("new@contoso.example")
	if len(mail) != 1 || mail[0].Subject != "Verify your email address" {
		t.Errorf("the mail is %v", mail)
	}
	c.user.SignUp = false
	if c.signIn(readScope); c.code() == "" {
		t.Errorf("signing in later: got %v", c.response)
	}
}

func TestOneTimeCodeAllowsAFewWrongAttempts(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	attempts := 0
	correct := c.user.Code
	c.user.Code = func(ctx context.Context) (string, error) {
		if attempts++; attempts < 3 {
			return "00000000", nil
		}
		return correct(ctx)
	}
	if c.signIn("openid " + c.facts.EditScope); c.code() == "" || attempts != 3 {
		t.Errorf("two wrong codes, then the correct one: got %v", c.response)
	}
}

func TestOneTimeCodeIsInvalidAfterFiveWrongAttempts(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	attempts := 0
	correct := c.user.Code
	c.user.Code = func(ctx context.Context) (string, error) {
		if attempts++; attempts <= 5 {
			return "00000000", nil
		}
		return correct(ctx)
	}
	c.signInFails("openid " + c.facts.EditScope) // the robot types the code until it gives up
	if mail := c.tenant.Mail(""); len(mail) != 1 || c.response != nil || attempts <= 5 {
		t.Errorf("%d attempts: got %v and mail %v", attempts, c.response, mail)
	}
}

func TestOneTimeCodeExpires(t *testing.T) {
	const accepted, expired = `id="form-post"`, "That code is no longer valid."
	for _, row := range []struct {
		age  time.Duration
		want string
	}{
		{9 * time.Minute, accepted},
		{11 * time.Minute, expired},
	} {
		c := newClient(t, sandbox.Config{})
		jar := newJar(t)
		_, page := c.open(jar, http.MethodGet, c.authorizeURL("openid "+c.facts.EditScope), nil)
		form := url.Values{"tx": {tx(page)}}
		c.post(jar, "password", c.passwordForm(page)) // mails the code
		form.Set("code", c.tenant.Mail(c.facts.User)[0].Code)
		c.tenant.FastForward(row.age)
		if _, page = c.post(jar, "code", form); !strings.Contains(page, row.want) {
			t.Errorf("after %s: got %s", row.age, page)
		}
		if row.want == accepted {
			continue
		}
		c.post(jar, "resend", form)
		form.Set("code", c.tenant.Mail(c.facts.User)[0].Code)
		if _, page = c.post(jar, "code", form); !strings.Contains(page, accepted) {
			t.Errorf("a new code: got %s", page)
		}
	}
}

func TestAccountLocksAfterFiveWrongPasswords(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.user.WrongPasswords = []string{"1", "2", "3", "4", "5"}
	c.newBrowser()
	if page, err := c.browser.Open(t.Context(), c.authorizeURL(readScope)); err == nil && c.response != nil {
		t.Errorf("the correct password signed in after five wrong ones: %s", page.Text)
	}
	c.user.WrongPasswords = nil
	c.user.Forgot, c.user.Password = true, "A brand new password"
	if c.signIn(readScope); c.code() == "" {
		t.Errorf("a new password does not unlock the account: %v", c.response)
	}
}

func TestPromptAndAccountPicker(t *testing.T) {
	const eve, password = "eve@contoso.example", "Another password"
	c := newClient(t, sandbox.Config{})
	if err := c.tenant.AddUser(eve, password, "Eve"); err != nil {
		t.Fatal(err)
	}
	c.newBrowser()
	for _, step := range []struct {
		name      string
		user      *robot.User // continues at the browser, if set
		pairs     []string
		wantForms string
		wantError string
	}{
		{name: "the first sign-in", wantForms: "sign-in form-post"},
		{name: "a session", wantForms: "form-post"},
		{name: "a session with prompt=none", pairs: []string{"prompt", "none"}, wantForms: "form-post"},
		{name: "a session with prompt=login", pairs: []string{"prompt", "login"}, wantForms: "sign-in form-post"},
		{
			name:      "a session with prompt=select_account",
			pairs:     []string{"prompt", "select_account"},
			wantForms: "account form-post",
		},
		{
			name:      "a hint for another user with prompt=none",
			pairs:     []string{"login_hint", eve, "prompt", "none"},
			wantForms: "form-post",
			wantError: "login_required",
		},
		{
			name:      "a hint for another user",
			user:      &robot.User{Email: eve, Password: password},
			pairs:     []string{"login_hint", eve},
			wantForms: "sign-in form-post",
		},
		{name: "two accounts and no hint", wantForms: "account form-post"},
		{
			name:      "two accounts with prompt=none",
			pairs:     []string{"prompt", "none"},
			wantForms: "form-post",
			wantError: "interaction_required",
		},
		{
			name:      "cancel in the account picker",
			user:      &robot.User{Email: "third@contoso.example", Password: "x", Cancel: true},
			pairs:     []string{"prompt", "select_account"},
			wantForms: "cancel form-post",
			wantError: "access_denied",
		},
	} {
		if step.user != nil {
			c.browser.SetUser(*step.user)
		}
		c.response, c.browser.Forms = nil, nil
		if _, err := c.browser.Open(t.Context(), c.authorizeURL(readScope, step.pairs...)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.browser.Forms, " "); got != step.wantForms {
			t.Errorf("%s: got forms %q, want %q", step.name, got, step.wantForms)
		}
		if got := c.response.Get("error"); got != step.wantError {
			t.Errorf("%s: got error %q, want %q", step.name, got, step.wantError)
		}
	}
}

func TestMaxAgeRequiresANewSignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	c.signIn(readScope)
	for _, row := range []struct {
		maxAge    string
		wantForms string
	}{
		{"3600", "form-post"},
		{"60", "sign-in form-post"},
		{"0", "sign-in form-post"},
	} {
		c.tenant.FastForward(2 * time.Minute)
		c.browser.Forms = nil
		if _, err := c.browser.Open(t.Context(), c.authorizeURL(readScope, "max_age", row.maxAge)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.browser.Forms, " "); got != row.wantForms {
			t.Errorf("max_age=%s: got forms %q, want %q", row.maxAge, got, row.wantForms)
		}
	}
}
