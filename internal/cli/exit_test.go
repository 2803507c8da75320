package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/password"
)

// TestInterruptSaysIfAPasswordMayHaveChanged interrupts a change that the mid-tier has received:
// another attempt with the old password could lock the account.
func TestInterruptSaysIfAPasswordMayHaveChanged(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel(command.ErrInterrupted)
		<-r.Context().Done()
	}))
	defer server.Close()
	client := midtier.Client{URL: server.URL, HTTP: server.Client()}
	_, err := client.ChangePassword(ctx, "token", password.Change{Current: "Old-Secret-1", New: "New-Secret-2"})
	for want, err := range map[string]error{
		"profilectl: interrupted: the mid-tier did not confirm the change: the password may have changed\n" +
			"  fix: sign in to find out which password is valid\n": err,
		"profilectl: interrupted\n  fix: run the command again\n": ctx.Err(),
	} {
		var stderr bytes.Buffer
		env := command.Env{Stderr: &stderr, Getenv: func(string) string { return "" }}
		code := report(ctx, env, &command.Globals{}, err)
		if code != exitInterrupted || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%v: exit code %d, %s", err, code, stderr.String())
		}
	}
}
