package cli

import (
	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// newOpenURL returns the hidden command that opens the platform's browser.
func newOpenURL(env command.Env) *cobra.Command {
	return &cobra.Command{
		Use:    command.OpenURL,
		Short:  "Open the address on standard input",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := terminal.OpenHere(env.Stdin); err != nil {
				return &fault.Error{
					Kind: fault.Unavailable,
					What: "the browser did not open",
					Fix:  "open the page yourself",
					Err:  err,
				}
			}
			return nil
		},
	}
}
