package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
)

// versionCommand is the name of the command, and of the flag that does the same.
const versionCommand = "version"

func newVersion(env command.Env, g *command.Globals) *cobra.Command {
	return &cobra.Command{
		Use:     versionCommand,
		Short:   "Print the version",
		Args:    cobra.NoArgs,
		Example: "  profilectl version -o json",
		RunE:    func(*cobra.Command, []string) error { return runVersion(env, g) },
	}
}

func runVersion(env command.Env, g *command.Globals) error {
	b := command.ThisBuild()
	p, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	if p.Format == output.FormatTable {
		_, err := fmt.Fprintf(env.Stdout, "profilectl %s %s %s %s\n", b.Version, b.Revision, b.Go, b.Platform)
		return err
	}
	return p.Print(b, output.Table{})
}
