package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newSandboxUser(with withSandbox) *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "List and add the accounts of a running sandbox",
		Example: `  profilectl sandbox user list
  profilectl sandbox user add ada@contoso.example --name "Ada L."
  profilectl sandbox user set-mfa ada@contoso.example on`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSandboxUserAdd(with), &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  cobra.NoArgs,
		RunE:  with(listSandboxUsers),
	}, &cobra.Command{
		Use:   "set-mfa EMAIL on|off",
		Short: "Require a second factor at every sign-in of an account",
		Args:  cobra.ExactArgs(2),
		RunE: with(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
			on, err := parseOnOff(args[1])
			if err != nil {
				return err
			}
			return c.SetMFA(ctx, args[0], on)
		}),
	})
	return c
}

func newSandboxUserAdd(with withSandbox) *cobra.Command {
	var user control.User
	c := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add an account and print its password",
		Args:  cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			user.Email = args[0]
			added, err := c.AddUser(ctx, user)
			if err != nil {
				return err
			}
			return p.Print(added, output.Table{
				Columns: []string{"EMAIL", "PASSWORD"},
				Whole:   []string{"EMAIL", "PASSWORD"},
				Rows:    [][]string{{added.Email, added.Password}},
			})
		}),
	}
	c.Flags().StringVar(&user.Name, "name", "", "display `name`")
	c.Flags().BoolVar(&user.MFA, "mfa", false, "require a second factor at every sign-in")
	return c
}

func listSandboxUsers(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
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

func newSandboxPolicy(with withSandbox) *cobra.Command {
	return &cobra.Command{
		Use:       "policy [on|off]",
		Short:     "Show or switch the policy that requires a second factor",
		Example:   "  profilectl sandbox policy off",
		ValidArgs: []string{"on", "off"},
		Args:      cobra.MaximumNArgs(1),
		RunE: with(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if len(args) > 0 {
				on, err := parseOnOff(args[0])
				if err != nil {
					return err
				}
				if err := c.SetPolicy(ctx, on); err != nil {
					return err
				}
			}
			policy, err := c.Policy(ctx)
			if err != nil {
				return err
			}
			return p.Print(policy, output.Table{
				Columns: []string{"POLICY", "ON"},
				Rows:    [][]string{{"a second factor for EditProfileService", onOff(policy.On)}},
			})
		}),
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func parseOnOff(s string) (bool, error) {
	switch s {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("%q is neither on nor off", s),
		Fix:  "write on or off",
	}
}
