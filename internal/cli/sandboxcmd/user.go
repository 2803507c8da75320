package sandboxcmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newUser(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "Manage the accounts of a running sandbox",
		Example: `  profilectl sandbox user list
  profilectl sandbox user add ada@contoso.example --name "Ada L."
  profilectl sandbox user edit ada@contoso.example --mfa on --set city=London
  profilectl sandbox user reset ada@contoso.example
  profilectl sandbox user remove ada@contoso.example`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newUserAdd(m), newUserEdit(m), newUserReset(m), &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  cobra.NoArgs,
		RunE:  m.run(listUsers),
	}, &cobra.Command{
		Use:               "remove EMAIL",
		Short:             "Remove an account and end its sign-ins",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.users()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if err := c.RemoveUser(ctx, args[0]); err != nil {
				return err
			}
			return removed(p, args[0])
		}),
	})
	return c
}

func newUserAdd(m manager) *cobra.Command {
	var user control.User
	var stdin bool
	var set []string
	c := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add an account and print its password",
		Example: `  profilectl sandbox user add ada@contoso.example --name "Ada L." \
    --set city=London
  echo 'Correct horse battery' \
    | profilectl sandbox user add ada@contoso.example --password-stdin`,
		Args: cobra.ExactArgs(1),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			user.Email = args[0]
			profile, err := parseProperties(set, nil)
			if err != nil {
				return err
			}
			user.Profile = map[string]string{}
			for name, value := range profile {
				user.Profile[name] = *value
			}
			if user.Password, err = m.password(ctx, stdin); err != nil {
				return err
			}
			added, err := c.AddUser(ctx, user)
			if err != nil {
				return err
			}
			return printPassword(p, added, added.Email, added.Password)
		}),
	}
	f := c.Flags()
	f.StringVar(&user.Name, "name", "", "display `name`")
	f.BoolVar(&user.MFA, "mfa", false, "require a second factor at every sign-in")
	f.StringArrayVar(&set, "set", nil, "set a property to `name=value` (repeatable)")
	f.BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	return c
}

func newUserEdit(m manager) *cobra.Command {
	var name, email, mfa string
	var set, unset []string
	c := &cobra.Command{
		Use:        "edit EMAIL",
		SuggestFor: []string{"set-mfa", "set", "change", "update"},
		Short:      "Change an account",
		Example: `  profilectl sandbox user edit ada@contoso.example --mfa on
  profilectl sandbox user edit ada@contoso.example --set city=London \
    --unset jobTitle
  profilectl sandbox user edit ada@contoso.example --email ada.l@contoso.example`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.users()),
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "display `name`")
	f.StringVar(&email, "email", "", "email `address` to sign in with")
	f.StringVar(&mfa, "mfa", "", "require a second factor at every sign-in: `on|off`")
	f.StringArrayVar(&set, "set", nil, "set a property to `name=value` (repeatable)")
	f.StringArrayVar(&unset, "unset", nil, "clear a `property` (repeatable)")
	command.Complete(c, "mfa", command.OneOf("on", "off"))
	c.RunE = m.run(func(ctx context.Context, client *control.Client, _ output.Printer, args []string) error {
		profile, err := parseProperties(set, unset)
		if err != nil {
			return err
		}
		change := control.UserChange{Profile: profile}
		if f.Changed("name") {
			profile["displayName"] = &name
		}
		if f.Changed("email") {
			change.Email = &email
		}
		if f.Changed("mfa") {
			on, err := parseOnOff(mfa)
			if err != nil {
				return err
			}
			change.MFA = &on
		}
		if len(profile) == 0 && change.Email == nil && change.MFA == nil {
			return &fault.Error{
				Kind: fault.Usage,
				What: "there is nothing to change",
				Fix:  "add a flag, such as --mfa on or --set city=London",
			}
		}
		return client.ChangeUser(ctx, args[0], change)
	})
	return c
}

func newUserReset(m manager) *cobra.Command {
	var stdin bool
	c := &cobra.Command{
		Use:   "reset EMAIL",
		Short: "Set a new password, unlock the account and end its sign-ins",
		Example: `  profilectl sandbox user reset ada@contoso.example
  echo 'Correct horse battery' \
    | profilectl sandbox user reset ada@contoso.example --password-stdin`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.users()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			password, err := m.password(ctx, stdin)
			if err != nil {
				return err
			}
			if password, err = c.ResetPassword(ctx, args[0], password); err != nil {
				return err
			}
			data := map[string]string{"email": args[0], "password": password}
			return printPassword(p, data, args[0], password)
		}),
	}
	c.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	return c
}

func newRevoke(m manager) *cobra.Command {
	return &cobra.Command{
		Use:               "revoke EMAIL",
		Short:             "End every sign-in of an account of a running sandbox",
		Example:           "  profilectl sandbox revoke ada@contoso.example",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.users()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if err := c.RevokeSessions(ctx, args[0]); err != nil {
				return err
			}
			return p.Print(map[string]string{"revoked": args[0]}, output.Table{
				Columns: []string{"REVOKED"},
				Whole:   []string{"REVOKED"},
				Rows:    [][]string{{args[0]}},
			})
		}),
	}
}

// password returns the first line of standard input, or an empty string if none is
// to be read.
func (m manager) password(ctx context.Context, stdin bool) (string, error) {
	if !stdin {
		return "", nil
	}
	const most = 4 << 10 // bytes
	raw, err := m.env.ReadInput(ctx, standardStream, most)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	password, _, _ := strings.Cut(string(raw), "\n")
	if password = strings.TrimSuffix(password, "\r"); err != nil || password == "" {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "there is no password on standard input",
			Fix:  "write it to standard input, or leave out --password-stdin",
			Err:  err,
		}
	}
	return password, nil
}

// parseProperties returns the new values of properties, which are nil for those that
// are cleared.
func parseProperties(set, unset []string) (map[string]*string, error) {
	profile := map[string]*string{}
	for _, assignment := range set {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok || name == "" {
			return nil, &fault.Error{
				Kind: fault.Usage,
				What: command.Quote(assignment) + " sets no property",
				Fix:  "write --set name=value, such as --set city=London",
			}
		}
		profile[name] = &value
	}
	for _, name := range unset {
		profile[name] = nil
	}
	return profile, nil
}

func printPassword(p output.Printer, data any, email, password string) error {
	return p.Print(data, output.Table{
		Columns: []string{"EMAIL", "PASSWORD"},
		Whole:   []string{"EMAIL", "PASSWORD"},
		Rows:    [][]string{{email, password}},
	})
}

func listUsers(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	users, err := c.Users(ctx)
	if err != nil {
		return err
	}
	t := output.Table{Columns: []string{"EMAIL", "NAME", "MFA"}, Whole: []string{"EMAIL"}}
	for _, u := range users {
		t.Rows = append(t.Rows, []string{u.Email, u.Name, onOff(u.MFA)})
	}
	return p.Print(users, t)
}
