package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

// sandboxUser and sandboxApp are what the control handler shows and takes.
type sandboxUser struct {
	ID       string `json:"id,omitempty"`
	Email    string `json:"email"`
	Password string `json:"password,omitempty"`
	Name     string `json:"name"`
	MFA      bool   `json:"mfa"`
}

type sandboxApp struct {
	ID           string   `json:"id,omitempty"`
	Name         string   `json:"name"`
	Public       bool     `json:"public"`
	RedirectURIs []string `json:"redirectUris"`
	Secret       string   `json:"secret,omitempty"`
}

type sandboxPolicy struct {
	ID string `json:"id,omitempty"`
	On bool   `json:"on"`
}

// manage adds the commands that manage a running sandbox.
func manage(c *cobra.Command, env Env, g *globals, dir *string) {
	with := func(run func(context.Context, *control, output.Printer, []string) error) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			printer, err := newPrinter(env, g)
			if err != nil {
				return err
			}
			sandbox, err := openControl(env, g, *dir)
			if err != nil {
				return err
			}
			return run(c.Context(), sandbox, printer, args)
		}
	}
	c.AddCommand(newSandboxUser(with), newSandboxApp(with), &cobra.Command{
		Use: "policy [on|off]", Short: "Show the policy that asks for a second factor, or switch it", Args: cobra.MaximumNArgs(1),
		Example: "  profilectl sandbox policy off", ValidArgs: []string{"on", "off"},
		RunE: with(func(ctx context.Context, c *control, p output.Printer, args []string) error {
			return switchPolicy(ctx, c, p, args)
		}),
	})
}

// withControl makes a command of a func that works on a running sandbox.
type withControl func(func(context.Context, *control, output.Printer, []string) error) func(*cobra.Command, []string) error

func newSandboxUser(with withControl) *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "List and add the accounts of a running sandbox", Args: cobra.NoArgs,
		Example: `  profilectl sandbox user list
  profilectl sandbox user add ada@contoso.example --name "Ada L."
  profilectl sandbox user set-mfa ada@contoso.example on`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var u sandboxUser
	add := &cobra.Command{
		Use: "add EMAIL", Short: "Make an account; its password is printed once", Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, c *control, p output.Printer, args []string) error {
			u.Email = args[0]
			var made sandboxUser
			if err := c.call(ctx, http.MethodPost, "/users", u, &made); err != nil {
				return err
			}
			return p.Print(made, output.Table{Columns: []string{"EMAIL", "PASSWORD"}, Rows: [][]string{{made.Email, made.Password}}})
		}),
	}
	add.Flags().StringVar(&u.Name, "name", "", "display `name`")
	add.Flags().BoolVar(&u.MFA, "mfa", false, "ask for a second factor at every sign-in")
	c.AddCommand(add, &cobra.Command{
		Use: "list", Short: "List the accounts", Args: cobra.NoArgs,
		RunE: with(func(ctx context.Context, c *control, p output.Printer, _ []string) error {
			var all []sandboxUser
			if err := c.call(ctx, http.MethodGet, "/users", nil, &all); err != nil {
				return err
			}
			t := output.Table{Columns: []string{"EMAIL", "NAME", "MFA"}}
			for _, u := range all {
				t.Rows = append(t.Rows, []string{u.Email, u.Name, onOff(u.MFA)})
			}
			return p.Print(all, t)
		}),
	}, &cobra.Command{
		Use: "set-mfa EMAIL on|off", Short: "Ask an account for a second factor at every sign-in, or leave it to the policy", Args: cobra.ExactArgs(2),
		RunE: with(func(ctx context.Context, c *control, _ output.Printer, args []string) error {
			on, err := parseOnOff(args[1])
			if err != nil {
				return err
			}
			return c.call(ctx, http.MethodPatch, "/users/"+url.PathEscape(args[0]), map[string]bool{"mfa": on}, nil)
		}),
	})
	return c
}

func switchPolicy(ctx context.Context, c *control, p output.Printer, args []string) error {
	if len(args) > 0 {
		on, err := parseOnOff(args[0])
		if err != nil {
			return err
		}
		if err := c.call(ctx, http.MethodPut, "/policy", sandboxPolicy{On: on}, nil); err != nil {
			return err
		}
	}
	var now sandboxPolicy
	if err := c.call(ctx, http.MethodGet, "/policy", nil, &now); err != nil {
		return err
	}
	return p.Print(now, output.Table{Columns: []string{"POLICY", "ON"}, Rows: [][]string{{"a second factor for EditProfileService", onOff(now.On)}}})
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
	return false, &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%q is neither on nor off", s), Fix: "write on or off"}
}
