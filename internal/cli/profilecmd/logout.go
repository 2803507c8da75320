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
With --all, the edits of accounts that are no longer signed in are removed, too.

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
	// ValidUntil is when the last access token expires; null if none is known to be valid.
	ValidUntil *time.Time `json:"validUntil"`
	damaged    bool       // whether the store was damaged, and its accounts are not known
}

func runLogout(ctx context.Context, env command.Env, g *command.Globals, o logoutOptions) error {
	s, err := session.Open(ctx, env, g, session.Options{Discovery: session.DiscoverMissing})
	if errors.Is(err, session.ErrNotDiscovered) {
		return logoutWithoutStore(ctx, s)
	}
	if err != nil {
		return err
	}
	done, err := signOut(ctx, s, o.All)
	if err == nil {
		err = dropPlainFile(s)
	}
	if err != nil {
		return err
	}
	if s.Store.Kind() == "file" {
		forgetInKeyring(ctx, s, done)
	}
	editsLeft := forgetEdits(ctx, s, done)
	err = forgetNames(ctx, s, done)
	sweep(draftDir(s.Paths.State), time.Now())
	playground.SweepTemporary()
	if err == nil && o.Browser {
		err = s.EndBrowserSession(ctx)
	}
	if err == nil {
		err = editsLeft
	}
	if err != nil {
		return err
	}
	return s.Print(done.report, done.report.sentence())
}

// signedOut describes the accounts whose tokens a logout has removed.
type signedOut struct {
	report   logoutReport
	accounts []auth.Account
	all      bool // also accounts that are not in the store
	last     bool // no account is left in the store
}

// logoutWithoutStore is logout for a tenant whose endpoints are not known. The tokens cannot be
// found without them.
func logoutWithoutStore(ctx context.Context, s *session.Session) error {
	none := signedOut{report: logoutReport{Removed: []string{}, Tenant: s.Tenant}, last: true}
	if s.Remembers() {
		s.Progress.Warn("the stored sign-in and the edits may still be on this machine: the tenant cannot be reached"+
			"\n  fix: run `%s` when it can be reached", s.Command("profilectl logout --all"))
	}
	if err := forgetNames(ctx, s, none); err != nil {
		return err
	}
	return s.Print(none.report, none.report.sentence())
}

// signOut removes the tokens of one account, or of all of them. The accounts in a damaged
// store cannot be told apart, so all of them go.
func signOut(ctx context.Context, s *session.Session, all bool) (done signedOut, err error) {
	done = signedOut{report: logoutReport{Removed: []string{}, Tenant: s.Tenant}, all: all}
	accounts, err := s.Auth.Accounts(ctx)
	if err != nil && fault.As(err).Kind == fault.SignIn {
		done.report.damaged, done.all, done.last = true, true, true
		return done, s.Auth.ForgetAll(ctx)
	}
	if err != nil {
		return done, err
	}
	known := len(accounts)
	if !all && known > 0 {
		one, err := s.Account(ctx)
		if err != nil {
			return done, err
		}
		accounts = []auth.Account{one}
	}
	done.last = len(accounts) == known
	for _, a := range accounts {
		until, err := s.Auth.ValidUntil(ctx, a)
		if err == nil {
			err = s.Auth.Forget(ctx, a)
		}
		if err != nil {
			return done, err
		}
		done.report.Removed = append(done.report.Removed, a.Username)
		done.accounts = append(done.accounts, a)
		if !until.IsZero() && (done.report.ValidUntil == nil || until.After(*done.report.ValidUntil)) {
			done.report.ValidUntil = &until
		}
	}
	return done, nil
}

// forgetEdits removes the edits of the accounts from the history. If all accounts are signed
// out, it removes those of the tenant, because an earlier logout may have left some.
func forgetEdits(ctx context.Context, s *session.Session, done signedOut) error {
	var err error
	if done.all {
		err = editsOf(s).ForgetTenant(ctx, s.Authority.TenantID)
	} else {
		for _, a := range done.accounts {
			err = errors.Join(err, editsOf(s).Forget(ctx, a.ID))
		}
	}
	if err == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "signed out, but the edits are still in the history",
		Fix: "make " + s.Paths.State + " and its files writable, then run `" +
			s.Command("profilectl logout --all") + "`",
		Err: err,
	}
}

// forgetNames removes the accounts from the configuration.
func forgetNames(ctx context.Context, s *session.Session, done signedOut) error {
	return s.WarnNotRemembered("signed out, but the configuration still names the account",
		s.Deactivate(ctx, done.accounts, done.last))
}

// forgetInKeyring removes the accounts from the keyring, too, where a sign-in before
// --insecure-storage may have left them. A keyring that does not exist has none.
func forgetInKeyring(ctx context.Context, s *session.Session, done signedOut) {
	keyring, err := session.Open(ctx, s.Env, s.Globals, session.Options{
		Discovery: session.DiscoverMissing,
		NewSignIn: true, // not the plain file
	})
	if err == nil && done.all {
		err = keyring.Auth.ForgetAll(ctx)
	}
	for _, a := range done.accounts {
		if err == nil && !done.all {
			err = keyring.Auth.Forget(ctx, a)
		}
	}
	if f := fault.As(err); err != nil && f.Next != fault.DoUsePlainFile {
		s.Progress.Warn("an earlier sign-in may still be in the keyring: %s\n  fix: %s", f.What, s.Globals.Fix(f))
	}
}

// sentence words the result for a user.
func (r logoutReport) sentence() string {
	if r.damaged {
		return "Removed the stored sign-ins of " + r.Tenant + ", which were damaged."
	}
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
