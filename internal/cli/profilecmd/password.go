package profilecmd

import (
	"bytes"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
	"github.com/profilectl/profilectl/internal/terminal"
)

type passwordOptions struct {
	Stdin  bool
	SignIn session.SignInOptions
}

// NewPassword returns the command password.
func NewPassword(env command.Env, g *command.Globals) *cobra.Command {
	var o passwordOptions
	c := &cobra.Command{
		Use:   "password",
		Short: "Change your password, if the mid-tier offers it",
		Args:  cobra.NoArgs,
		Long: `Change your password. The change goes through the mid-tier, as an edit does, and
needs a second factor if policy requires one. Passwords are typed, or read with
--stdin: the current one on the first line and the new one on the second. They
are never taken from flags or the environment, and appear in no log and no
history.

A changed password ends your sign-ins at apps like this one.`,
		Example: `  profilectl password
  profilectl password --stdin < two-lines`,
		RunE: func(c *cobra.Command, _ []string) error { return runPassword(c.Context(), env, g, o) },
	}
	c.Flags().BoolVar(&o.Stdin, "stdin", false, "read the current and the new password from standard input")
	command.NotFromEnvironment(c.Flags(), "stdin")
	o.SignIn.Bind(c.Flags())
	return c
}

// passwordReport is the result of password, as scripts read it.
type passwordReport struct {
	Status  string `json:"status"` // changed
	Account string `json:"account"`
}

func runPassword(ctx context.Context, env command.Env, g *command.Globals, o passwordOptions) error {
	var change password.Change
	var err error
	switch {
	case o.Stdin:
		if change, err = readPasswords(ctx, env); err != nil {
			return err
		}
	case !g.Facts(env).Interactive:
		return &fault.Error{
			Kind: fault.Usage,
			What: "there is no terminal on which to type the passwords",
			Fix:  "use --stdin: the current password on the first line and the new one on the second",
		}
	}
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{SignIn: o.SignIn})
	if err != nil {
		return err
	}
	if !o.Stdin { // after the step-up, so that a sign-in cannot lose what the user types
		t, err := s.EditToken(ctx, account, nil)
		if err != nil {
			return err
		}
		s.WarnNotSaved(t.Token)
		if change, err = askPasswords(ctx, s); err != nil {
			return err
		}
	}
	request := session.StepUp{Unsent: "the password was not changed"}
	err = s.WithStepUp(ctx, account, request, func(t session.Token) (*challenge.Challenge, error) {
		defer s.Progress.Step("send", "Sending the new password")()
		return s.MidTier.ChangePassword(ctx, t.Access, change)
	})
	if err != nil {
		return err
	}
	return s.Print(passwordReport{Status: "changed", Account: account.Username},
		"Changed. This ends your earlier sign-ins; sign in with the new password: `"+
			s.Command("profilectl login")+"`.")
}

// askPasswords asks for the current password, and twice for the new one, until it can be sent.
func askPasswords(ctx context.Context, s *session.Session) (password.Change, error) {
	var c password.Change
	hidden, err := terminal.HideInput(s.Env.Stdin, s.Env.Stderr)
	if err != nil {
		return c, err
	}
	defer hidden.Show()
	if c.Current, err = hidden.Ask(ctx, "Current password"); err != nil {
		return c, err
	}
	s.Say("A new password has %s.", password.Rule)
	for {
		if c.New, err = hidden.Ask(ctx, "New password"); err != nil {
			return c, err
		}
		repeated, err := hidden.Ask(ctx, "New password again")
		if err != nil {
			return c, err
		}
		if repeated != c.New {
			s.Say("The two new passwords differ; type them again.")
			continue
		}
		return c, c.Check()
	}
}

// readPasswords reads the current and the new password from standard input.
func readPasswords(ctx context.Context, env command.Env) (password.Change, error) {
	const maxInput = 8 << 10 // bytes; two passwords have at most 2 KiB
	raw, err := env.ReadInput(ctx, "-", maxInput+1)
	switch {
	case ctx.Err() != nil:
		return password.Change{}, ctx.Err()
	case err != nil, len(raw) > maxInput:
		return password.Change{}, notTwoLines(err)
	}
	return parsePasswords(raw)
}

// parsePasswords takes two lines, which may end in CRLF, after a byte order mark or none.
func parsePasswords(raw []byte) (password.Change, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if len(lines) != 2 { //nolint:mnd // the current and the new one
		return password.Change{}, notTwoLines(nil)
	}
	c := password.Change{Current: strings.TrimSuffix(lines[0], "\r"), New: strings.TrimSuffix(lines[1], "\r")}
	return c, c.Check()
}

func notTwoLines(err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "standard input does not hold two lines",
		Fix:  "write the current password on the first line, the new one on the second, and nothing else",
		Err:  err,
	}
}
