package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
)

// firstStep is a way to start without a configured tenant.
type firstStep struct {
	Command string `json:"command"`
	Does    string `json:"does"`
	asks    bool   // for the tenant, which the command does not ask for
}

func firstSteps() []firstStep {
	return []firstStep{
		{Command: "profilectl demo", Does: "try the sandbox, a tenant on this machine"},
		{Command: "profilectl init", Does: "use an existing tenant"},
		{Command: "profilectl setup plan", Does: "set up a tenant, as its administrator", asks: true},
	}
}

// run runs the command as if the user had typed it.
func (s firstStep) run(root *cobra.Command, asker *terminal.Asker) error {
	c, args, err := root.Find(strings.Fields(s.Command)[1:])
	if err != nil {
		return err
	}
	c.SetContext(root.Context())
	if s.asks {
		tenant, err := asker.Ask(root.Context(), terminal.Question{
			Label: "Tenant (subdomain, domain or URL)",
			Check: func(_ context.Context, answer string) (string, error) {
				_, err := authority.Parse(answer)
				return answer, err
			},
		})
		if err == nil {
			err = c.Flags().Set("authority", tenant)
		}
		if err != nil {
			return err
		}
	}
	return c.RunE(c, args)
}

// runRoot handles a command line without a command: it prints the help or, if no tenant
// is configured, the ways to start. In a terminal, the user chooses one of them.
func runRoot(c *cobra.Command, env command.Env, g *command.Globals) error {
	if hasTenant(env, g) {
		return c.Help()
	}
	steps := firstSteps()
	if !g.Facts(env).Interactive {
		return printFirstSteps(env, g, steps)
	}
	asker := terminal.NewAsker(env.Stdin, env.Stderr, explainAnswer)
	chosen, err := chooseFirstStep(c.Context(), env, asker, steps)
	if err != nil {
		return err
	}
	return chosen.run(c, asker)
}

// hasTenant reports whether the configuration or the environment describes a tenant. A
// configuration that cannot be read counts, too: it is not the first run.
func hasTenant(env command.Env, g *command.Globals) bool {
	file, err := command.ReadConfig(env, g)
	if err != nil || len(file.Tenants()) > 0 {
		return true
	}
	_, err = config.Which(file, "", env.Getenv)
	return err == nil
}

func printFirstSteps(env command.Env, g *command.Globals, steps []firstStep) error {
	p, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	if !p.Plain() {
		return p.Print(steps, output.Table{})
	}
	text := "No tenant is configured. Start with one of these:\n\n"
	for _, s := range steps {
		text += fmt.Sprintf("  %-23s %s\n", s.Command, s.Does)
	}
	_, err = fmt.Fprint(env.Stdout, text+"\n`profilectl --help` lists all commands.\n")
	return err
}

// chooseFirstStep lets the user choose a step by its number.
func chooseFirstStep(
	ctx context.Context, env command.Env, asker *terminal.Asker, steps []firstStep,
) (firstStep, error) {
	text := "No tenant is configured. How do you want to start?\n\n"
	for i, s := range steps {
		text += fmt.Sprintf("  %d  %-42s %s\n", i+1, s.Does, s.Command)
	}
	_, _ = fmt.Fprintln(env.Stderr, text)
	var chosen firstStep
	_, err := asker.Ask(ctx, terminal.Question{
		Label: fmt.Sprintf("Number (1 to %d)", len(steps)),
		Check: func(_ context.Context, answer string) (string, error) {
			n, err := strconv.Atoi(strings.TrimSuffix(answer, "."))
			if err != nil || n < 1 || n > len(steps) {
				return "", &fault.Error{
					Kind: fault.Usage,
					What: "invalid choice",
					Fix:  fmt.Sprintf("type a number from 1 to %d, or Ctrl-C to end", len(steps)),
				}
			}
			chosen = steps[n-1]
			return answer, nil
		},
	})
	if err == nil {
		_, _ = fmt.Fprintln(env.Stderr)
	}
	return chosen, err
}
