package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/control"
)

// sandboxDir returns the directory in which `profilectl sandbox` keeps its tenant,
// unless --state names another one.
func sandboxDir(env Env, g *globals, dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	if name := g.sandboxName(); name != defaultSandbox {
		return filepath.Join(paths.State, "sandbox-"+name), err
	}
	return filepath.Join(paths.State, "sandbox"), err
}

// connectSandbox returns a client of a running sandbox: the one of sandbox exec
// that this process is in, or the one that `profilectl sandbox` runs.
func connectSandbox(env Env, g *globals, dir string) (*control.Client, error) {
	client, err := upstream.New(upstream.Config{Timeout: g.Timeout, Attempts: 1, UserAgent: userAgent()})
	if err != nil {
		return nil, err
	}
	if address := env.Getenv("SANDBOX_CONTROL"); address != "" && dir == "" && g.Tenant == "" {
		return &control.Client{URL: address, Key: env.Getenv("SANDBOX_CONTROL_KEY"), HTTP: client}, nil
	}
	if dir, err = sandboxDir(env, g, dir); err != nil {
		return nil, err
	}
	return playground.Connect(dir, client)
}

// sandboxFunc is what a command does with a running sandbox.
type sandboxFunc func(ctx context.Context, c *control.Client, p output.Printer, args []string) error

// withSandbox makes the RunE of a command from a sandboxFunc.
type withSandbox func(sandboxFunc) func(*cobra.Command, []string) error

// addManagement adds the commands that manage a running sandbox.
func addManagement(parent *cobra.Command, env Env, g *globals, dir *string) {
	with := func(run sandboxFunc) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			printer, err := newPrinter(env, g)
			if err != nil {
				return err
			}
			client, err := connectSandbox(env, g, *dir)
			if err != nil {
				return err
			}
			return playground.Fault(run(c.Context(), client, printer, args))
		}
	}
	parent.AddCommand(newSandboxUser(with), newSandboxApp(with), newSandboxPolicy(with),
		newSandboxAudit(g, with))
}
