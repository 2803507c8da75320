package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
)

type logoutOptions struct {
	All     bool
	Browser bool
}

func (o *logoutOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.All, "all", false, "forget every account of the tenant")
	f.BoolVar(&o.Browser, browserFlag, false, "end the browser's session too")
}

func newLogout(env Env, g *globals) *cobra.Command {
	var o logoutOptions
	c := &cobra.Command{
		Use: "logout", Short: "Forget the stored sign-in", Args: cobra.NoArgs,
		Long: `Remove an account and its tokens from the keyring. Access tokens that were
already handed out stay valid until they expire, which logout tells: Entra has
no way to take them back.`,
		Example: `  profilectl logout
  profilectl logout --all --browser    # every account, and the browser's session`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogout(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// signedOut is what logout reports.
type signedOut struct {
	Removed    []string   `json:"removed"`
	Tenant     string     `json:"tenant"`
	ValidUntil *time.Time `json:"validUntil"` // of the last access token handed out; null if none is good any more
}

func runLogout(ctx context.Context, env Env, g *globals, o logoutOptions) error {
	s, err := openSession(ctx, env, g, sessionOptions{Discovery: discoverNever})
	if err != nil {
		return err
	}
	done, err := s.forget(ctx, o.All)
	if err == nil {
		err = s.dropPlainFile()
	}
	if err == nil && o.Browser {
		err = s.endBrowserSession(ctx)
	}
	if err != nil {
		return err
	}
	return s.print(done, done.sentence())
}

// forget removes the accounts that are to go. In a store that is damaged they
// cannot be told apart, so all go.
func (s *session) forget(ctx context.Context, all bool) (signedOut, error) {
	done := signedOut{Removed: []string{}, Tenant: s.tenant}
	accounts, err := s.auth.Accounts(ctx)
	if f := fault.As(err); err != nil && f.Kind == fault.SignIn {
		return done, s.auth.ForgetAll(ctx)
	}
	if err != nil {
		return done, err
	}
	if !all && len(accounts) > 0 {
		one, err := s.account(ctx)
		if err != nil {
			return done, err
		}
		accounts = []auth.Account{one}
	}
	for _, a := range accounts {
		until, err := s.auth.ValidUntil(ctx, a)
		if err == nil {
			err = s.auth.Forget(ctx, a)
		}
		if err == nil {
			err = s.history().Forget(ctx, a.ID)
		}
		if err != nil {
			return done, err
		}
		done.Removed = append(done.Removed, a.Username)
		if !until.IsZero() && (done.ValidUntil == nil || until.After(*done.ValidUntil)) {
			done.ValidUntil = &until
		}
	}
	return done, nil
}

// sentence says what is gone and what is not.
func (d signedOut) sentence() string {
	switch {
	case len(d.Removed) == 0:
		return "Nobody was signed in."
	case d.ValidUntil == nil:
		return "Signed out " + strings.Join(d.Removed, ", ") + "."
	}
	return "Signed out " + strings.Join(d.Removed, ", ") + ". Access tokens already handed out stay valid until " +
		d.ValidUntil.Local().Format("15:04") + "; Entra cannot take them back."
}
