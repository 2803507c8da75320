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
	"github.com/profilectl/profilectl/internal/profile"
)

// TestInterruptSaysIfAChangeMayHaveBeenMade interrupts requests that the mid-tier has received,
// and others before they are sent. Another attempt with the old password could lock the account,
// and an undo would not know the edit.
func TestInterruptSaysIfAChangeMayHaveBeenMade(t *testing.T) {
	var interrupt context.CancelCauseFunc
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		interrupt(command.ErrInterrupted)
		<-r.Context().Done()
	}))
	defer server.Close()
	client := midtier.Client{URL: server.URL, HTTP: server.Client()}
	for name, c := range map[string]struct {
		send func(context.Context) error
		want string
	}{
		"edit": {
			func(ctx context.Context) error {
				_, err := client.UpdateAs(ctx, "token", profile.BuiltIn(), profile.Change{"city": nil})
				return err
			},
			"interrupted: the mid-tier did not confirm the edit: the profile may have changed\n" +
				"  fix: look at the profile before you repeat the edit\n",
		},
		"password": {
			func(ctx context.Context) error {
				change := password.Change{Current: "Old-Secret-1", New: "New-Secret-2"}
				_, err := client.ChangePassword(ctx, "token", change)
				return err
			},
			"interrupted: the mid-tier did not confirm the change: the password may have changed\n" +
				"  fix: sign in to find out which password is valid\n",
		},
	} {
		for _, early := range []bool{false, true} {
			ctx, cancel := context.WithCancelCause(t.Context())
			interrupt = cancel
			want := c.want
			if early {
				cancel(command.ErrInterrupted)
				want = "interrupted\n  fix: run the command again\n"
			}
			var stderr bytes.Buffer
			env := command.Env{Stderr: &stderr, Getenv: func(string) string { return "" }}
			code := report(ctx, env, &command.Globals{}, c.send(ctx))
			if code != exitInterrupted || !strings.HasPrefix(stderr.String(), "profilectl: "+want) {
				t.Errorf("%s, before it is sent: %t: exit code %d, %s", name, early, code, stderr.String())
			}
		}
	}
}
