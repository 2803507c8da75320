package profilecmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
)

type loginOptions struct {
	SignIn    session.SignInOptions
	LoginHint string
	Prompt    string
	SignUp    bool
	WithEdit  bool
}

func (o *loginOptions) bind(f *pflag.FlagSet) {
	o.SignIn.Bind(f)
	f.StringVar(&o.LoginHint, "login-hint", "", "email `address` to fill in on the sign-in page")
	f.StringVar(&o.Prompt, "prompt", "", "first `page` to show: login, select_account or create")
	f.BoolVar(&o.SignUp, "sign-up", false, "create an account")
	f.BoolVar(&o.WithEdit, "with-edit", false, "also get the token for edits, with a second factor")
}

// NewLogin returns the command login.
func NewLogin(env command.Env, g *command.Globals) *cobra.Command {
	var o loginOptions
	c := &cobra.Command{
		Use:        "login",
		SuggestFor: []string{"signin", "sign-in", "auth"},
		Short:      "Sign in with your browser",
		Args:       cobra.NoArgs,
		Long: `Open the sign-in page of the tenant in your browser, and keep the tokens in the
keyring of your operating system. --insecure-storage keeps them in a plain file
that only you can read.`,
		Example: `  profilectl login
  profilectl login --tenant contoso --with-edit
  profilectl login --no-browser     # over SSH: open the address elsewhere
  profilectl login --device-code    # no reachable port: type a code elsewhere
  profilectl login --sign-up        # create an account`,
		RunE: func(c *cobra.Command, _ []string) error { return runLogin(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	c.Flags().BoolVar(&g.InsecureStorage, "insecure-storage", false,
		"keep the tokens in a plain file, without the keyring")
	command.Complete(c, "prompt", command.OneOf("login", "select_account", "create"))
	return c
}

// prompt returns the value of OpenID Connect's prompt parameter.
func (o loginOptions) prompt() (string, error) {
	if o.SignUp && o.Prompt != "" && o.Prompt != "create" {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "--sign-up and --prompt " + o.Prompt + " contradict each other",
			Fix:  "omit one of them",
		}
	}
	if o.SignUp {
		return "create", nil
	}
	switch o.Prompt {
	case "", "login", "select_account", "create":
		return o.Prompt, nil
	}
	return "", &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("invalid prompt %q", o.Prompt),
		Fix:  "use --prompt login, select_account or create",
	}
}

func runLogin(ctx context.Context, env command.Env, g *command.Globals, o loginOptions) error {
	prompt, err := o.prompt()
	if err != nil {
		return err
	}
	if err := o.SignIn.Check(); err != nil {
		return err
	}
	s, err := session.Open(ctx, env, g, session.Options{
		SignIn:    o.SignIn,
		Discovery: session.DiscoverAlways,
		NewSignIn: true,
	})
	if err != nil {
		return err
	}
	if g.NoInput {
		const what = "a browser is needed to sign in, which --no-input rules out"
		return s.NeedsUser(fault.SignIn, what, "profilectl login")
	}
	if s.Store.Kind() == "file" {
		s.Say("The tokens will be in a plain file instead of the keyring. Everyone who can read "+
			"%s, or a backup of it, can act as you.", s.PlainFile())
		if s.Globals.InsecureStorage {
			s.Say("Sign in again with `%s` to go back to the keyring.", s.Command("profilectl login"))
		}
	}
	t, err := s.SignIn(ctx, auth.Request{Scopes: session.GraphScopes(), LoginHint: o.LoginHint, Prompt: prompt})
	if err == nil {
		err = keep(ctx, s, t)
	}
	if err != nil {
		return err
	}
	if o.WithEdit {
		edit, err := s.EditToken(ctx, t.Account, nil)
		if err == nil {
			err = notSaved(edit.Token)
		}
		if err != nil {
			return err
		}
		if s.Settings.Configured("mid-tier") {
			readSchemaAhead(ctx, s, edit.Access) // so that show knows the custom attributes
		}
	}
	report := loginReport{
		Account:  t.Account.Username,
		Tenant:   s.Tenant,
		TenantID: s.Authority.TenantID,
		Store:    s.Store.Kind(),
	}
	return s.Print(report, "Signed in as "+report.Account+" to "+report.Tenant+".")
}

// keep makes a new sign-in the one that later commands use.
func keep(ctx context.Context, s *session.Session, t auth.Token) error {
	if err := notSaved(t); err != nil {
		return err
	}
	if err := dropPlainFile(s); err != nil {
		return err
	}
	return s.WarnNotRemembered("signed in, but later commands do not know which account to use; name it with --account",
		s.Activate(ctx, t.Account))
}

// notSaved is the fault of a login whose tokens could not be saved. Other
// commands have done their work all the same, and only warn.
func notSaved(t auth.Token) error {
	f, ok := errors.AsType[*fault.Error](t.NotSaved)
	if !ok {
		return nil
	}
	return f.Reworded("signed in, but the sign-in could not be saved: " + f.What)
}

// loginReport is the result of login, as scripts read it.
type loginReport struct {
	Account  string `json:"account"`
	Tenant   string `json:"tenant"`
	TenantID string `json:"tenantId"`
	Store    string `json:"store"`
}
