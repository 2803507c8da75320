package sandboxcmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newOpen(m manager) *cobra.Command {
	var noBrowser bool
	c := &cobra.Command{
		Use:   "open",
		Short: "Open the developer page of a running sandbox in the browser",
		Long: `Print a link to the developer page of a running sandbox, and open it in the
browser. The page manages users, apps, policies, mail, the clock and faults, and
shows the audit. The link works once, within an hour. The browser then stays
signed in for 12 hours, or until the sandbox stops.`,
		Example: `  profilectl sandbox open
  profilectl sandbox open --no-browser`,
		Args: cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
			page, err := c.NewPageLink(ctx)
			if err != nil {
				return err
			}
			if !p.Plain() {
				return p.Print(page, output.Table{})
			}
			if _, err := fmt.Fprintln(m.env.Stdout, page.URL); err != nil || noBrowser || m.g.NoInput {
				return err
			}
			return openDeveloperPage(ctx, m.env, m.g, page.URL)
		}),
	}
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "print the link instead of opening it")
	return c
}

// openDeveloperPage opens the link in the browser. If there is none, the user opens
// the printed link by hand.
func openDeveloperPage(ctx context.Context, env command.Env, g *command.Globals, link string) error {
	if env.OpenBrowser != nil {
		return env.OpenBrowser(ctx, link)
	}
	browser := env.Browser(g.Facts(env), func(error) {
		_, _ = fmt.Fprintln(env.Stderr, "The browser did not open. Open the link above yourself.")
	})
	if err := browser.Open(ctx, link); err != nil {
		_, _ = fmt.Fprintf(env.Stderr, "No browser was opened: %v.\n", err)
	}
	return nil
}
