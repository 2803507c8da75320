package sandboxcmd

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/control"
)

// stateDir returns the directory in which `profilectl sandbox` keeps its tenant,
// unless --state names another one.
func stateDir(env command.Env, g *command.Globals, dir string) (string, error) {
	if dir != "" { // absolute, because the configuration names a file in it
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("find the working directory: %w", err)
		}
		return absolute, nil
	}
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	if name := nameOf(g); name != command.DefaultSandbox {
		return filepath.Join(paths.State, "sandbox-"+name), err
	}
	return filepath.Join(paths.State, "sandbox"), err
}

// connect returns a client of a running sandbox: the one of sandbox exec
// that this process is in, or the one that `profilectl sandbox` runs.
func connect(env command.Env, g *command.Globals, dir string) (*control.Client, error) {
	client, err := upstream.New(upstream.Config{Timeout: g.Timeout, Attempts: 1, UserAgent: command.UserAgent()})
	if err != nil {
		return nil, err
	}
	if address := env.Getenv("SANDBOX_CONTROL"); address != "" && dir == "" && g.Tenant == "" {
		return &control.Client{URL: address, Key: env.Getenv("SANDBOX_CONTROL_KEY"), HTTP: client}, nil
	}
	if dir, err = stateDir(env, g, dir); err != nil {
		return nil, err
	}
	return playground.Connect(dir, client)
}

// action is what a command does with a running sandbox.
type action func(ctx context.Context, c *control.Client, p output.Printer, args []string) error

// manager makes the parts of the commands that manage a running sandbox.
type manager struct {
	env command.Env
	g   *command.Globals
	dir *string // value of --state
}

// addManagement adds the commands that manage a running sandbox.
func addManagement(parent *cobra.Command, env command.Env, g *command.Globals, dir *string) {
	m := manager{env: env, g: g, dir: dir}
	parent.AddCommand(
		newReady(m),
		newUser(m), newApp(m), newPolicy(m), newAttribute(m),
		newMail(m), newClock(m), newFault(m),
		newRevoke(m), newAudit(m), newOpen(m),
		newExport(m), newImport(m), newToken(m))
}

// run makes the RunE of a command from a action.
func (m manager) run(do action) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		printer, err := command.NewPrinter(m.env, m.g)
		if err != nil {
			return err
		}
		client, err := connect(m.env, m.g, *m.dir)
		if err != nil {
			return err
		}
		return playground.Fault(do(c.Context(), client, printer, args))
	}
}

// pollWait returns how long one request may wait for an event.
func (m manager) pollWait() time.Duration {
	const most = 20 * time.Second
	return min(most, m.g.Timeout/2)
}

// removed prints what a command removed.
func removed(p output.Printer, name string) error {
	return p.Print(map[string]string{"removed": name}, output.Table{
		Columns: []string{"REMOVED"},
		Whole:   []string{"REMOVED"},
		Rows:    [][]string{{name}},
	})
}
