package servecmd

import (
	"context"
	"log/slog"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/serve"
)

// checkResult is one result of serve --check in JSON.
type checkResult struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	What  string `json:"what,omitempty"` // what is wrong
	Fix   string `json:"fix,omitempty"`
}

// runCheck prints the result of each check. It fails with the first failure,
// whose kind decides the exit code.
func runCheck(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	settings serve.Settings,
	log *slog.Logger,
) error {
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	checks, err := serve.Check(ctx, settings, log)
	if err != nil {
		return err
	}
	var results []checkResult
	var first *fault.Error
	table := output.Table{Columns: []string{"CHECK", "RESULT"}}
	for _, c := range checks {
		result, cell := checkResult{Check: c.Name, OK: c.Err == nil}, "ok"
		if c.Err != nil {
			result.What, result.Fix, cell = c.Err.What, operatorFix(c.Err), c.Err.What
			if first == nil {
				first = c.Err
			}
		}
		results = append(results, result)
		table.Rows = append(table.Rows, []string{c.Name, cell})
	}
	if err := printer.Print(results, table); err != nil {
		return err
	}
	if first != nil {
		return first.Reworded("the mid-tier is not ready: " + first.What)
	}
	return nil
}
