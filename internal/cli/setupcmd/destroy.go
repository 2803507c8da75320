package setupcmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/setup"
)

type destroyOptions struct {
	options
	Yes   bool
	Purge bool
}

func newDestroy(env command.Env, g *command.Globals) *cobra.Command {
	var o destroyOptions
	c := &cobra.Command{
		Use:   "destroy",
		Short: "Delete the objects of a setup",
		Args:  cobra.NoArgs,
		Long: `List the objects with the tag of the setup, ask for confirmation, and delete
them. If the setup switched the email method on, it is switched off. The tenant
keeps deleted applications for 30 days, unless you use --purge. The
configuration and local files are not deleted.`,
		Example: `  profilectl setup destroy --authority contoso
  profilectl setup destroy -t contoso --yes --purge`,
		RunE: func(c *cobra.Command, _ []string) error { return runDestroy(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	o.bindRun(c.Flags())
	c.Flags().BoolVarP(&o.Yes, "yes", "y", false, "skip the confirmation")
	c.Flags().BoolVar(&o.Purge, "purge", false, "delete the applications permanently")
	return c
}

// destroyReport is the result of setup destroy, as scripts read it.
type destroyReport struct {
	setupReport
	SoftDeleted []setup.SoftDeleted `json:"softDeleted"` // what the tenant keeps for 30 days
}

func runDestroy(ctx context.Context, env command.Env, g *command.Globals, o destroyOptions) error {
	if !o.Yes && !g.Facts(env).Interactive {
		return &fault.Error{
			Kind: fault.Usage,
			What: "without a terminal, destroy needs --yes",
			Fix:  "look at `profilectl setup plan` first, then add --yes",
		}
	}
	a, err := openAdministrator(ctx, env, g, o.options, setup.WriteScopes())
	if err != nil {
		return err
	}
	found, err := setup.Find(ctx, a.api, o.Wanted)
	if err != nil {
		return err
	}
	items := setup.NewDestroyPlan(found, o.Wanted)
	if err := a.confirmDestroy(ctx, o, items); err != nil {
		return err
	}
	result := setup.Result{Tenant: found}
	if len(items) > 0 {
		if result, err = setup.Destroy(ctx, a.api, o.Wanted, a.runOptions()); err != nil {
			return err
		}
	}
	deleted, err := setup.FindDeleted(ctx, a.api, o.Wanted, result.Tenant)
	if err != nil {
		return err
	}
	if o.Purge {
		if err := setup.Purge(ctx, a.api, deleted, a.runOptions()); err != nil {
			return err
		}
		deleted = nil
	}
	return a.reportDestroy(result, deleted)
}

// confirmDestroy lists what is deleted, and asks.
func (a *administrator) confirmDestroy(ctx context.Context, o destroyOptions, items []setup.Item) error {
	if len(items) == 0 {
		a.Say("The tenant has no object with the tag profilectl:setup:%s.", o.Wanted.Deployment)
		return nil
	}
	if o.Yes {
		return nil
	}
	for _, i := range items {
		a.Say("%s", describe(i, a.Progress.Width))
	}
	question := "Delete " + plural(len(items), "object", "objects") + " in " + a.Authority.TenantID + "?"
	return a.Env.Confirm(ctx, a.Facts, question)
}

func (a *administrator) reportDestroy(r setup.Result, deleted []setup.SoftDeleted) error {
	if len(r.Items) > 0 {
		a.Say("Done: %s.", summary(r.Items))
	}
	if len(deleted) > 0 {
		var lines []string
		for _, d := range deleted {
			lines = append(lines, "  "+d.Kind+" "+d.Name+" ("+d.ID+")")
		}
		a.Say("The tenant keeps these objects for 30 days (--purge deletes them for good):\n%s",
			strings.Join(lines, "\n"))
	}
	if !a.Printer.Plain() {
		report := destroyReport{a.report(r.Items, nil), append([]setup.SoftDeleted{}, deleted...)}
		if err := a.Printer.Print(report, output.Table{}); err != nil {
			return err
		}
	}
	return leftFault(r.Items)
}
