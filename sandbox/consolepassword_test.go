package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// TestPasswordOfTheConsoleEndsEverySignIn also signs in at a confidential client, whose tokens
// stay valid after users change their own password.
func TestPasswordOfTheConsoleEndsEverySignIn(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	secret := []string{"client_id", c.facts.WebClientID, "client_secret", c.facts.WebSecret}
	c.signIn(readScope, "client_id", c.facts.WebClientID, "redirect_uri", "http://localhost:3000", "code_challenge", "",
		"code_challenge_method", "")
	redeem := append([]string{"code_verifier", "", "redirect_uri", "http://localhost:3000"}, secret...)
	web := c.redeem(c.code(), redeem...).RefreshToken
	if got := c.refresh(web, secret...); got.Status != http.StatusOK {
		t.Fatalf("before: got %+v", got)
	}
	u := newConsoleUser(t, c.tenant)
	u.get(c.tenant.NewPageLink())
	if _, body := u.submit("/sandbox/users/edit/" + c.facts.User + "/password"); !strings.Contains(body, "have ended") {
		t.Fatalf("got %s", body)
	}
	c.wantError(c.refresh(web, secret...), 400, 50173)
}
