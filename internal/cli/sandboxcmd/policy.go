package sandboxcmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newPolicy(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Manage the Conditional Access policies of a running sandbox",
		Long: `List or change the Conditional Access policies of a running sandbox. A policy
requires a second factor for tokens for some APIs, or for authentication
contexts.`,
		Example: `  profilectl sandbox policy
  profilectl sandbox policy off             # the policy of EditProfileService
  profilectl sandbox policy add "MFA for orders" \
    --api api://orders.contoso.example
  profilectl sandbox policy add "Step up" --context c1
  profilectl sandbox policy off "Step up"
  profilectl sandbox policy on "Step up"`,
		Args: cobra.NoArgs,
		RunE: m.run(listPolicies),
	}
	c.AddCommand(newPolicyAdd(m), newPolicySwitch(m, true), newPolicySwitch(m, false),
		&cobra.Command{
			Use:     "list",
			Short:   "List the policies",
			Example: "  profilectl sandbox policy list -o json",
			Args:    cobra.NoArgs,
			RunE:    m.run(listPolicies),
		}, &cobra.Command{
			Use:               "remove POLICY",
			Short:             "Remove a policy",
			Example:           `  profilectl sandbox policy remove "Step up"`,
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: command.FirstArgument(m.policies()),
			RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
				if err := c.RemovePolicy(ctx, args[0]); err != nil {
					return err
				}
				return removed(p, args[0])
			}),
		})
	return c
}

func newPolicyAdd(m manager) *cobra.Command {
	policy := control.Policy{}
	var off bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Require a second factor for APIs or authentication contexts",
		Example: `  profilectl sandbox policy add "MFA for orders" \
    --api api://orders.contoso.example
  profilectl sandbox policy add "Step up" --context c1`,
		Args: cobra.ExactArgs(1),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			policy.Name, policy.On = args[0], !off
			added, err := c.AddPolicy(ctx, policy)
			if err != nil {
				return err
			}
			return p.Print(added, policyTable(added))
		}),
	}
	f := c.Flags()
	f.StringArrayVar(&policy.APIs, "api", nil, "client `ID` or App ID URI of an API (repeatable)")
	f.StringArrayVar(&policy.Contexts, "context", nil, "authentication `context`, c1 to c99 (repeatable)")
	f.BoolVar(&off, "off", false, "add the policy switched off")
	command.Complete(c, "api", m.apps())
	return c
}

// newPolicySwitch makes the commands on and off. Without an argument, they
// switch the policy of the edit scope.
func newPolicySwitch(m manager, on bool) *cobra.Command {
	return &cobra.Command{
		Use:               onOff(on) + " [POLICY]",
		Short:             "Switch a policy " + onOff(on) + " (default: that of EditProfileService)",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: command.FirstArgument(m.policies()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			seeded, err := c.Policy(ctx)
			if err != nil {
				return err
			}
			policy := seeded.ID
			if len(args) > 0 {
				policy = args[0]
			}
			if err := c.SwitchPolicy(ctx, policy, on); err != nil {
				return err
			}
			policies, err := c.Policies(ctx)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(policies, func(p control.Policy) bool { return p.ID == policy || p.Name == policy })
			if i < 0 {
				return nil // it was removed in the meantime
			}
			return p.Print(policies[i], policyTable(policies[i]))
		}),
	}
}

func listPolicies(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	policies, err := c.Policies(ctx)
	if err != nil {
		return err
	}
	return p.Print(policies, policyTable(policies...))
}

func policyTable(policies ...control.Policy) output.Table {
	t := output.Table{Columns: []string{"ID", "POLICY", "GUARDS", "ON"}, Whole: []string{"ID"}}
	for _, p := range policies {
		guards := strings.Join(slices.Concat(p.APIs, p.Contexts), " ")
		t.Rows = append(t.Rows, []string{p.ID, p.Name, guards, onOff(p.On)})
	}
	return t
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
