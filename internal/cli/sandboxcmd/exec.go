package sandboxcmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/terminal"
)

func newExec(env command.Env, g *command.Globals) *cobra.Command {
	var o playground.Options
	c := &cobra.Command{
		Use:   "exec -- COMMAND [ARGUMENT...]",
		Short: "Run a command with a temporary tenant",
		Long: `Start a temporary tenant, run a command with its addresses, IDs, user and CA in
the environment, and stop the tenant. profilectl keeps its tokens, history and
configuration in a temporary directory, which is deleted. Processes that the
command left running are ended. Any number of tenants can run at the same time.

The exit code is the command's, or 128 plus the number of the signal that ended
it.`,
		Example: `  profilectl sandbox exec -- env
  profilectl sandbox exec -- go test ./...`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: command.Files,
		RunE: func(c *cobra.Command, args []string) error {
			return runExec(c.Context(), env, g, o, args)
		},
	}
	bindTenant(c.Flags(), &o)
	c.Flags().SetInterspersed(false) // flags after the command are its own, also without --
	return c
}

func runExec(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	o playground.Options,
	args []string,
) error {
	o.Version, o.Log = command.ThisBuild().Version, g.Log(env)
	o.QuickPasswords = env.QuickPasswords
	p, err := playground.Start(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = env.Stdin, env.Stdout, env.Stderr
	c.Env = env.Environ()
	for name, value := range p.Variables() {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Env = append(c.Env, withoutProxy(env.Getenv)...)
	c.Env = append(c.Env,
		"PROFILECTL_STORE=file", // of the temporary directory
		"PROFILECTL_STATE_DIR="+filepath.Join(p.Dir, "state"),
		"PROFILECTL_CONFIG_DIR="+filepath.Join(p.Dir, "config"),
	)
	c.Cancel = func() error { return interruptChild(ctx, c.Process) }
	c.WaitDelay = 10 * time.Second
	adoptOrphans()
	err = c.Run()
	endOrphans()
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		return command.ExitStatus(exitCodeOf(exited.ProcessState))
	}
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the command " + command.Quote(args[0]) + " cannot be started",
			Fix:  "check its name and PATH",
			Err:  err,
		}
	}
	return nil
}

// withoutProxy returns the variables with which programs reach the tenant on localhost
// directly, also if the environment configures a proxy. Some programs read the name in
// lower case and some in upper case, and not all exclude localhost themselves.
func withoutProxy(getenv func(string) string) []string {
	var hosts []string
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		for host := range strings.SplitSeq(getenv(name), ",") {
			hosts = append(hosts, strings.TrimSpace(host))
		}
	}
	if slices.Contains(hosts, "*") { // only alone does it stand for every host
		return []string{"NO_PROXY=*", "no_proxy=*"}
	}
	var all []string
	for _, host := range append(hosts, "localhost", "127.0.0.1", "::1") {
		if host != "" && !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	list := strings.Join(all, ",")
	return []string{"NO_PROXY=" + list, "no_proxy=" + list}
}

// interruptChild forwards the signal that canceled ctx, unless it was Ctrl-C, which the
// terminal has sent to the command, too: many programs give up their clean-up at the second
// one.
func interruptChild(ctx context.Context, child *os.Process) error {
	by, ok := errors.AsType[command.Interrupted](context.Cause(ctx))
	if ok && by.Signal == os.Interrupt && terminal.InForeground() {
		return nil
	}
	return child.Signal(os.Interrupt)
}
