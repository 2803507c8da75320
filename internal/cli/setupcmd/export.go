package setupcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/setup"
)

func newExport(env command.Env) *cobra.Command {
	var o options
	var format string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print the setup for the Azure CLI, Graph or Bicep",
		Args:  cobra.NoArgs,
		Long: `Print what sets up an empty tenant: a script for the Azure CLI, requests to
Microsoft Graph, or a Bicep file. No sign-in is needed. A step that the format
cannot express is a comment that names the page of the Entra admin center.`,
		Example: `  profilectl setup export --format az > setup.sh
  profilectl setup export --format graph --enforce
  profilectl setup export --format bicep > main.bicep`,
		RunE: func(*cobra.Command, []string) error { return runExport(env, o, format) },
	}
	c.Flags().StringVar(&format, "format", "az", "`format`: az, graph or bicep")
	c.Flags().StringVar(&o.Wanted.Deployment, "deployment", "default", "`name` that distinguishes several setups")
	o.bindWanted(c.Flags())
	o.bindAttributes(c.Flags())
	command.Complete(c, "format", command.OneOf(setup.Formats()...))
	return c
}

func runExport(env command.Env, o options, format string) (err error) {
	if err := o.want(env); err != nil {
		return err
	}
	text, err := setup.Export(o.Wanted, format)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(env.Stdout, text); err != nil {
		return fmt.Errorf("print export: %w", err)
	}
	return nil
}
