package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

const (
	changePassword = "/v1.0/me/changePassword"
	asUser         = "https://graph.microsoft.com/Directory.AccessAsUser.All"
)

// passwordToken returns an access token with which the user may change the password, which the
// mid-tier exchanged.
func (c *client) passwordToken() string {
	c.t.Helper()
	got := c.exchange(c.tokens("openid "+c.facts.EditScope).AccessToken, "scope", asUser)
	if got.AccessToken == "" {
		c.t.Fatalf("got %d %s %v", got.Status, got.Error, got.Codes)
	}
	return got.AccessToken
}

func passwords(current, next string) string {
	return fmt.Sprintf(`{"currentPassword":%q,"newPassword":%q}`, current, next)
}

func TestUsersChangeTheirPassword(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	old := c.facts.Password
	before := c.tokens(readScope).RefreshToken
	token := c.passwordToken()
	c.tenant.FastForward(1)
	if status, got := c.graph(http.MethodPost, changePassword, token, passwords(old, "New-Secret-42")); status != 204 {
		t.Fatalf("got %d %v", status, got)
	}
	c.wantError(c.refresh(before), 400, 50173)
	c.user.Password, c.user.WrongPasswords = "New-Secret-42", []string{old}
	c.signIn(readScope)
	if forms := strings.Join(c.browser.Forms, " "); c.code() == "" || forms != "sign-in sign-in form-post" {
		t.Errorf("the old password, then the new one: got %v after %s", c.response, forms)
	}
	if facts := c.tenant.Facts(); facts.Password != "New-Secret-42" {
		t.Errorf("the facts have the password %q", facts.Password)
	}
}

func TestGraphRejectsPasswords(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	old := c.facts.Password
	token := c.passwordToken()
	_, write := c.graphTokens()
	const bad, unreadable = "Request_BadRequest", "BadRequest"
	for _, row := range []struct {
		name, token, body string
		status            int
		code, part        string
	}{
		{"a wrong current password", token, passwords("wrong", "New-Secret-42"), 400, bad, "paramName: oldPassword"},
		{"a short one", token, passwords(old, "Ab3-"), 400, bad, "paramName: newPassword"},
		{"a weak one", token, passwords(old, "abcdefgh"), 400, bad, "complexity"},
		{"a banned one", token, passwords(old, "P@ssw0rd1!"), 400, bad, "complexity"},
		{"257 characters", token, passwords(old, "Ab3-"+strings.Repeat("x", 253)), 400, bad, "complexity"},
		{"the same one", token, passwords(old, old), 400, bad, "paramName: newPassword"},
		{"no new one", token, `{"currentPassword":"` + old + `"}`, 400, bad, "newPassword"},
		{"a number", token, `{"currentPassword":1,"newPassword":"New-Secret-42"}`, 400, unreadable, ""},
		{"another member", token, `{"currentPassword":"a","newPassword":"b","userId":"c"}`, 400, unreadable, "userId"},
		{"duplicates", token, `{"newPassword":"a","newPassword":"b"}`, 400, unreadable, ""},
		{"without the permission", write, passwords(old, "New-Secret-42"), 403, "Authorization_RequestDenied", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, got := c.graph(http.MethodPost, changePassword, row.token, row.body)
			if status != row.status || graphCode(got) != row.code || !strings.Contains(fmt.Sprint(got), row.part) {
				t.Errorf("got %d %v, want %d %s %q", status, got, row.status, row.code, row.part)
			}
			if text := fmt.Sprint(got); strings.Contains(text, old) || strings.Contains(text, "New-Secret") {
				t.Errorf("the error repeats a password: %s", text)
			}
		})
	}
	if status, _ := c.graph(http.MethodGet, changePassword, token, ""); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %d", status)
	}
	longest := "Ab3-" + strings.Repeat("x", 252)
	if status, got := c.graph(http.MethodPost, changePassword, token, passwords(old, longest)); status != 204 {
		t.Errorf("256 characters: got %d %v", status, got)
	}
}
