package profilecmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/output"
)

type tokenOptions struct {
	Scope  string
	SignIn session.SignInOptions
}

func (o *tokenOptions) bind(f *pflag.FlagSet) {
	o.SignIn.Bind(f)
	f.StringVar(&o.Scope, "scope", "graph", "`scope` of the token: graph, edit, or a full scope")
}

// NewToken returns the command token.
func NewToken(env command.Env, g *command.Globals) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:   "token",
		Short: "Print an access token for scripts",
		Args:  cobra.NoArgs,
		Long: `Print an access token on standard output. Anyone who has the token can act as
you until it expires: keep it out of logs and command lines.`,
		Example: `  curl -H @<(printf 'Authorization: Bearer %s' "$(profilectl token)") \
    https://graph.microsoft.com/v1.0/me
  profilectl token --scope edit -o json`,
		RunE: func(c *cobra.Command, _ []string) error { return runToken(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	command.Complete(c, "scope", command.OneOf("graph", "edit"))
	return c
}

// tokenReport is a token, as scripts read it.
type tokenReport struct {
	AccessToken string    `json:"accessToken"`
	ExpiresOn   time.Time `json:"expiresOn"`
	Scopes      []string  `json:"scopes"`
	Account     string    `json:"account"`
	Tenant      string    `json:"tenant"`
}

func runToken(ctx context.Context, env command.Env, g *command.Globals, o tokenOptions) error {
	if err := o.SignIn.Check(); err != nil {
		return err
	}
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{SignIn: o.SignIn})
	if err != nil {
		return err
	}
	request := session.TokenRequest{
		Scopes:  strings.Fields(o.Scope),
		Command: "profilectl token --scope " + command.ShellQuoted(o.Scope),
	}
	switch o.Scope {
	case "graph":
		request = session.GraphRequest()
	case "edit":
		if request, err = s.EditRequest(); err != nil {
			return err
		}
	}
	t, err := s.Token(ctx, account, request)
	if err != nil {
		return err
	}
	s.WarnNotSaved(t.Token)
	report := tokenReport{
		AccessToken: t.Access,
		ExpiresOn:   t.Expires.UTC(),
		Scopes:      t.Scopes,
		Account:     t.Account.Username,
		Tenant:      s.Tenant,
	}
	if s.Printer.Plain() {
		_, err := fmt.Fprintln(s.Env.Stdout, t.Access)
		return err
	}
	return s.Printer.Print(report, output.Table{})
}
