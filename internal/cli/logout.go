package cli

import (
	"context"

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
already handed out stay valid until they expire, about an hour: Entra has no way
to take them back.`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogout(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// signedOut is what logout reports.
type signedOut struct {
	Removed []string `json:"removed"`
	Tenant  string   `json:"tenant"`
}

func runLogout(ctx context.Context, env Env, g *globals, o logoutOptions) error {
	s, err := openSession(ctx, env, g, sessionOptions{})
	if err != nil {
		return err
	}
	accounts, err := s.auth.Accounts(ctx)
	if f := fault.As(err); err != nil && f.Kind == fault.SignIn { // damaged: nothing in it can be told apart
		accounts, err = nil, s.auth.ForgetAll(ctx)
	}
	if err != nil {
		return err
	}
	if !o.All && len(accounts) > 0 {
		one, err := s.account(ctx)
		if err != nil {
			return err
		}
		accounts = []auth.Account{one}
	}
	done := signedOut{Removed: []string{}, Tenant: s.tenant}
	for _, a := range accounts {
		if err := s.auth.Forget(ctx, a); err != nil {
			return err
		}
		done.Removed = append(done.Removed, a.Username)
	}
	if o.Browser {
		if err := s.endBrowserSession(ctx); err != nil {
			return err
		}
	}
	message := "Nobody was signed in."
	if len(done.Removed) > 0 {
		message = "Signed out. Access tokens already handed out stay valid for up to 90 minutes."
	}
	return s.print(done, message)
}
