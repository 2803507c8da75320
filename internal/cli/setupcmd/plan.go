package setupcmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/setup"
)

func newPlan(env command.Env, g *command.Globals) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what setup apply would create and change",
		Args:  cobra.NoArgs,
		Long: `Compare the tenant with a complete setup and print the differences. The command
changes nothing, and requests only read permissions.`,
		Example: `  profilectl setup plan --authority contoso
  profilectl setup plan -o json --jq '.objects[] | select(.action != "keep") \
    | .id'`,
		RunE: func(c *cobra.Command, _ []string) error { return runPlan(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	o.bindWanted(c.Flags())
	o.bindAttributes(c.Flags())
	return c
}

func runPlan(ctx context.Context, env command.Env, g *command.Globals, o options) (err error) {
	if err := o.want(env); err != nil {
		return err
	}
	a, err := openAdministrator(ctx, env, g, o, setup.ReadScopes())
	if err != nil {
		return err
	}
	done := a.Progress.Step("find", "Reading the tenant")
	found, err := setup.Find(ctx, a.api, o.Wanted)
	done()
	if err != nil {
		return err
	}
	plan := setup.NewPlan(found, o.Wanted)
	if !a.Printer.Plain() {
		if err := a.Printer.Print(a.report(plan.Items, plan.Namesakes), output.Table{}); err != nil {
			return err
		}
		return leftFault(plan.Items)
	}
	width := command.WrapWidth(a.Facts.StdoutTTY, a.Facts.Width)
	for _, i := range plan.Items {
		if _, err := fmt.Fprintln(env.Stdout, output.Safe(describe(i, width))); err != nil {
			return fmt.Errorf("print plan: %w", err)
		}
	}
	a.warnNamesakes(plan.Namesakes)
	a.Say("Plan: %s.", summary(plan.Items))
	if plan.Pending() {
		next := "profilectl setup apply"
		if setup.CheckCredential(found, o.Wanted) != nil { // a new secret has no place
			next += " --secret-file mid-tier.secret --env-file mid-tier.env"
		}
		a.Say("Next: `%s`.", a.Command(next))
	}
	return leftFault(plan.Items)
}
