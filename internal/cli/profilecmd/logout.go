package profilecmd

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
)

type logoutOptions struct {
	All     bool
	Browser bool
}

func (o *logoutOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.All, "all", false, "sign out every account of the tenant")
	f.BoolVar(&o.Browser, command.BrowserFlag, false, "also end the session in the browser")
}

// NewLogout returns the command logout.
func NewLogout(env command.Env, g *command.Globals) *cobra.Command {
	var o logoutOptions
	c := &cobra.Command{
		Use:        "logout",
		SuggestFor: []string{"signout", "sign-out"},
		Short:      "Sign out and remove the stored tokens",
		Args:       cobra.NoArgs,
		Long: `Remove the account's tokens from the keyring and its edits from the history.

Entra cannot revoke access tokens. Those that were issued stay valid until they
expire, at the time that logout prints.`,
		Example: `  profilectl logout
  profilectl logout --all --browser    # all accounts, and the browser's session`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogout(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// logoutReport is the result of logout, as scripts read it.
type logoutReport struct {
	Removed []string `json:"removed"`
	Tenant  string   `json:"tenant"`
	// ValidUntil is when the last access token expires; null if none is valid.
	ValidUntil *time.Time `json:"validUntil"`
}

func runLogout(ctx context.Context, env command.Env, g *command.Globals, o logoutOptions) error {
	s, err := session.Open(ctx, env, g, session.Options{Discovery: session.DiscoverMissing})
	if errors.Is(err, session.ErrNotDiscovered) {
		nothing := logoutReport{Removed: []string{}, Tenant: s.Tenant}
		return s.Print(nothing, nothing.sentence())
	}
	if err != nil {
		return err
	}
	report, removed, err := forget(ctx, s, o.All)
	if err == nil {
		err = dropPlainFile(s)
	}
	if err == nil && s.Store.Kind() == "file" {
		forgetInKeyring(ctx, s, removed)
	}
	if err == nil {
		err = s.WarnNotRemembered("signed out, but the configuration still names the account",
			s.Deactivate(ctx, removed))
		sweep(draftDir(s.Paths.State), time.Now())
		playground.SweepTemporary()
	}
	if err == nil && o.Browser {
		err = s.EndBrowserSession(ctx)
	}
	if err != nil {
		return err
	}
	return s.Print(report, report.sentence())
}

// forget removes one account, or all of them. The accounts in a damaged store
// cannot be told apart, so all of them go.
func forget(
	ctx context.Context,
	s *session.Session,
	all bool,
) (report logoutReport, removed []auth.Account, err error) {
	report = logoutReport{Removed: []string{}, Tenant: s.Tenant}
	accounts, err := s.Auth.Accounts(ctx)
	if f := fault.As(err); err != nil && f.Kind == fault.SignIn {
		return report, nil, s.Auth.ForgetAll(ctx)
	}
	if err != nil {
		return report, removed, err
	}
	if !all && len(accounts) > 0 {
		one, err := s.Account(ctx)
		if err != nil {
			return report, removed, err
		}
		accounts = []auth.Account{one}
	}
	for _, a := range accounts {
		until, err := s.Auth.ValidUntil(ctx, a)
		if err == nil {
			err = s.Auth.Forget(ctx, a)
		}
		if err == nil {
			err = editsOf(s).Forget(ctx, a.ID)
		}
		if err != nil {
			return report, removed, err
		}
		report.Removed = append(report.Removed, a.Username)
		removed = append(removed, a)
		if !until.IsZero() && (report.ValidUntil == nil || until.After(*report.ValidUntil)) {
			report.ValidUntil = &until
		}
	}
	return report, removed, nil
}

// forgetInKeyring removes accounts of the plain file from the keyring, too, where a sign-in
// before --insecure-storage may have left them. A keyring that does not exist has none.
func forgetInKeyring(ctx context.Context, s *session.Session, removed []auth.Account) {
	keyring, err := session.Open(ctx, s.Env, s.Globals, session.Options{
		Discovery: session.DiscoverMissing,
		NewSignIn: true, // not the plain file
	})
	for _, a := range removed {
		if err == nil {
			err = keyring.Auth.Forget(ctx, a)
		}
	}
	if f := fault.As(err); err != nil && f.Next != fault.DoUsePlainFile {
		s.Progress.Warn("an earlier sign-in may still be in the keyring: %s\n  fix: %s", f.What, s.Globals.Fix(f))
	}
}

// sentence words the result for a user.
func (r logoutReport) sentence() string {
	if len(r.Removed) == 0 {
		return "No account was signed in."
	}
	sentence := "Signed out " + strings.Join(r.Removed, ", ") + "."
	if r.ValidUntil == nil {
		return sentence
	}
	return sentence + " Access tokens that were issued before stay valid until " +
		r.ValidUntil.Local().Format("15:04") + "; Entra cannot revoke them."
}
