package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
)

type loginOptions struct {
	Device       deviceOption
	NoBrowser    bool
	RedirectPort int
	LoginHint    string
	Prompt       string
	SignUp       bool
	WithEdit     bool
}

func (o *loginOptions) bind(f *pflag.FlagSet) {
	o.Device.bind(f)
	f.BoolVar(&o.NoBrowser, "no-browser", false, "print the sign-in address and wait, open nothing")
	f.IntVar(&o.RedirectPort, "redirect-port", 0, "local `port` that the browser comes back to (default: a free one)")
	f.StringVar(&o.LoginHint, "login-hint", "", "e-mail `address` to fill in on the sign-in page")
	f.StringVar(&o.Prompt, "prompt", "", "what the page asks for: login, select_account or create")
	f.BoolVar(&o.SignUp, "sign-up", false, "create an account")
	f.BoolVar(&o.WithEdit, "with-edit", false, "step up at once, so that a later edit asks nothing")
}

func newLogin(env Env, g *globals) *cobra.Command {
	var o loginOptions
	c := &cobra.Command{
		Use: "login", Short: "Sign in with your browser", Args: cobra.NoArgs,
		Long: `Sign in to a tenant with your browser. The tokens are kept in the keyring of
your operating system, never in a plain file.`,
		Example: `  profilectl login
  profilectl login --tenant contoso --with-edit
  profilectl login --no-browser        # over SSH: open the address elsewhere
  profilectl login --device-code       # no port can be reached: type a code elsewhere`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogin(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// prompts are the values of OpenID Connect's prompt that make sense here.
var prompts = map[string]bool{"": true, "login": true, "select_account": true, "create": true}

func (o loginOptions) prompt() (string, error) {
	switch {
	case o.SignUp && o.Prompt != "" && o.Prompt != "create":
		return "", &fault.Error{Kind: fault.Usage, What: "--sign-up and --prompt " + o.Prompt + " contradict each other", Fix: "leave one of them out"}
	case o.SignUp:
		return "create", nil
	case !prompts[o.Prompt]:
		return "", &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%q is no prompt", o.Prompt), Fix: "use --prompt login, select_account or create"}
	}
	return o.Prompt, nil
}

func runLogin(ctx context.Context, env Env, g *globals, o loginOptions) error {
	prompt, err := o.prompt()
	if err != nil {
		return err
	}
	s, err := openSession(ctx, env, g, sessionOptions{NoBrowser: o.NoBrowser, Device: bool(o.Device), RedirectPort: o.RedirectPort, Discovery: discoverAnew})
	if err != nil {
		return err
	}
	if g.NoInput {
		return s.needsPerson(fault.SignIn, "signing in needs a person at a browser", "profilectl login")
	}
	t, err := s.signIn(ctx, auth.Request{Scopes: graphScopes(), LoginHint: o.LoginHint, Prompt: prompt})
	if err != nil {
		return err
	}
	s.warnNotSaved(t)
	if err := s.activate(t.Account); err != nil {
		return err
	}
	if o.WithEdit {
		if t, err = s.editToken(ctx, t.Account, nil); err != nil {
			return err
		}
		s.warnNotSaved(t)
	}
	return s.print(signedIn{Account: t.Account.Username, Tenant: s.tenant, TenantID: s.authority.TenantID, Store: s.store.Kind()},
		"Signed in as "+t.Account.Username+" to "+s.tenant+".")
}

// signedIn is what login reports.
type signedIn struct {
	Account  string `json:"account"`
	Tenant   string `json:"tenant"`
	TenantID string `json:"tenantId"`
	Store    string `json:"store"`
}
