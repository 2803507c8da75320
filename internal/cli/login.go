package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/config"
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
your operating system; in a plain file only with --insecure-storage.`,
		Example: `  profilectl login
  profilectl login --tenant contoso --with-edit
  profilectl login --no-browser        # over SSH: open the address elsewhere
  profilectl login --device-code       # no port can be reached: type a code elsewhere
  profilectl login --sign-up           # no account yet`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogin(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	c.Flags().BoolVar(&g.InsecureStorage, "insecure-storage", false, "keep the tokens in a plain file, where the keyring cannot be used")
	complete(c, "prompt", oneOfThese("login", "select_account", "create"))
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
	const lastPort = 65535
	if o.RedirectPort < 0 || o.RedirectPort > lastPort {
		return &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%d is no port", o.RedirectPort), Fix: "use --redirect-port with a port between 1 and 65535"}
	}
	s, err := openSession(ctx, env, g, sessionOptions{NoBrowser: o.NoBrowser, Device: bool(o.Device), RedirectPort: o.RedirectPort, Discovery: discoverAnew})
	if err != nil {
		return err
	}
	if g.NoInput {
		return s.needsPerson(fault.SignIn, "signing in needs a person at a browser", "profilectl login")
	}
	if s.store.Kind() == "file" {
		s.say("The tokens will be in a plain file, not in the keyring: whoever can read\n%s, or a backup of it, can act as you.", s.plainFile())
	}
	t, err := s.signIn(ctx, auth.Request{Scopes: graphScopes(), LoginHint: o.LoginHint, Prompt: prompt})
	if err == nil {
		err = s.keep(t)
	}
	if err != nil {
		return err
	}
	if o.WithEdit {
		if t, err = s.editToken(ctx, t.Account); err == nil {
			err = notKept(t)
		}
		if err != nil {
			return err
		}
	}
	return s.print(signedIn{Account: t.Account.Username, Tenant: s.tenant, TenantID: s.authority.TenantID, Store: s.store.Kind()},
		"Signed in as "+t.Account.Username+" to "+s.tenant+".")
}

// keep makes a new sign-in the one that further commands use.
func (s *session) keep(t auth.Token) error {
	if err := notKept(t); err != nil {
		return err
	}
	if err := s.dropPlainFile(); err != nil {
		return err
	}
	if s.globals.InsecureStorage && s.tenant == config.FromEnvironment {
		s.say("Set PROFILECTL_STORE=file, so that further commands find them.")
	}
	return s.activate(t.Account)
}

// notKept is the fault of a login whose tokens end with it. Any other command
// has done its work all the same, and warns.
func notKept(t auth.Token) error {
	f, ok := errors.AsType[*fault.Error](t.NotSaved)
	if !ok {
		return nil
	}
	return &fault.Error{Kind: f.Kind, What: "signed in, but the sign-in could not be saved: " + f.What, Fix: f.Fix, Err: f}
}

// signedIn is what login reports.
type signedIn struct {
	Account  string `json:"account"`
	Tenant   string `json:"tenant"`
	TenantID string `json:"tenantId"`
	Store    string `json:"store"`
}
