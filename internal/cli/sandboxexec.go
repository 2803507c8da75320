package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
)

func newSandboxExec(env Env, g *globals) *cobra.Command {
	var o stageOptions
	var seed string
	c := &cobra.Command{
		Use: "exec -- COMMAND [ARGUMENT...]", Short: "Run a command against a throw-away tenant", Args: cobra.MinimumNArgs(1),
		Long: `Start a throw-away tenant, run a command with its addresses, ids, user and CA in the
environment, and stop it. The exit code is the command's. Any number of them run
at once: each has ports and a tenant of its own.`,
		Example: `  profilectl sandbox exec -- env
  profilectl sandbox exec -- go test ./...`,
		RunE: func(c *cobra.Command, args []string) error { return runSandboxExec(c.Context(), env, g, o, seed, args) },
	}
	c.Flags().BoolVar(&o.RealNames, "real-names", false, "let the certificate also name contoso.ciamlogin.com and graph.microsoft.com, for clients with a host map")
	c.Flags().DurationVar(&o.ReadLag, "read-lag", 0, "Graph shows the old profile for this long after a change")
	c.Flags().StringVar(&seed, "seed", "", "`file` with users, apps and the policy to start with, in YAML")
	return c
}

func runSandboxExec(ctx context.Context, env Env, g *globals, o stageOptions, seed string, args []string) error {
	st, err := startStage(ctx, env, g, o)
	if err != nil {
		return err
	}
	defer st.close()
	if err := plantSeed(ctx, g, st, seed); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = env.Stdin, env.Stdout, env.Stderr
	c.Env = env.Environ()
	for name, value := range st.variables() {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	err = c.Run()
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitStatus(max(exited.ExitCode(), 1))
	}
	if err != nil {
		return &fault.Error{Kind: fault.Usage, What: "the command " + quote(args[0]) + " cannot be started", Fix: "check its name and PATH", Err: err}
	}
	return nil
}
