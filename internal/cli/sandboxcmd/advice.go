package sandboxcmd

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/neterr"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

// adviser words the next step of errors of the subcommands, with the flags of this run.
type adviser struct {
	env command.Env
	g   *command.Globals
	dir *string // value of --state
}

// adviseOn makes commands and their subcommands return errors with advice.
func (a adviser) adviseOn(commands []*cobra.Command) {
	for _, c := range commands {
		if run := c.RunE; run != nil {
			c.RunE = func(c *cobra.Command, args []string) error { return a.advise(c, args, run(c, args)) }
		}
		a.adviseOn(c.Commands())
	}
}

// advise adds the next step to the fault of a sandbox that is not running or that rejected
// the request. It returns other errors unchanged.
func (a adviser) advise(c *cobra.Command, args []string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	advised := *f
	switch f.Next {
	case fault.DoStartSandbox:
		advised.Fix, advised.Next = startAdvice(a.command("profilectl sandbox")), fault.NoAction
	case fault.DoCorrectArguments:
		advised.Fix, advised.Next = a.correction(c, args, f), fault.NoAction
	default:
		return err
	}
	return &advised
}

// command completes a command for the sandbox of this run.
func (a adviser) command(line string) string {
	line = a.g.Command(line)
	if dir, err := filepath.Abs(*a.dir); err == nil && *a.dir != "" { // the other terminal may be elsewhere
		line += " --state " + command.ShellQuoted(dir)
	}
	return line
}

func startAdvice(line string) string {
	return "start the sandbox with `" + line + "` in another terminal"
}

// sibling returns the command with a name that has the same parent, or nil.
func sibling(c *cobra.Command, name string) *cobra.Command {
	for _, other := range c.Parent().Commands() {
		if other.Name() == name && other != c {
			return other
		}
	}
	return nil
}

// correction returns the fix for arguments that the sandbox rejected: the command that lists
// what it has, or what the arguments that were given expect.
func (a adviser) correction(c *cobra.Command, args []string, f *fault.Error) string {
	names := strings.Fields(c.Use)[1:]
	names = names[:min(len(names), len(args))]
	expects := ""
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			names = append(names, "--"+f.Name)
			_, expects = pflag.UnquoteUsage(f)
		}
	})
	list := sibling(c, "list")
	rejected, _ := errors.AsType[*control.Error](f)
	switch {
	case rejected != nil && rejected.Status == http.StatusNotFound && list != nil && len(args) == 1:
		return "`" + a.command(list.CommandPath()) + "` lists those that it has"
	case len(names) == 1 && len(args) == 0:
		return "correct " + names[0] + ": " + expects
	case len(names) == 0:
		return "see `" + c.CommandPath() + " --help`"
	}
	last := len(names) - 1
	text := strings.Join(names[:last], ", ")
	if last > 0 {
		text += " and "
	}
	return "`" + c.CommandPath() + " --help` describes " + text + names[last]
}

// Stopped returns the fault of a tenant that cannot be reached with the advice to start
// the sandbox, if the tenant is one that does not run. It returns other faults unchanged.
func Stopped(env command.Env, g *command.Globals, f *fault.Error) *fault.Error {
	if !neterr.IsRefused(f.Err) {
		return f
	}
	file, err := command.ReadConfig(env, g)
	if err != nil {
		return f
	}
	tenant, err := config.Which(file, g.Tenant, env.Getenv)
	if err != nil {
		return f
	}
	usual, err := stateDir(env, &command.Globals{Tenant: tenant}, "")
	caFile, _ := file.Value("tenants."+tenant, "ca-file")
	dir := filepath.Dir(caFile)
	if err != nil || !playground.Keeps(dir) || playground.Running(dir) {
		return f
	}
	run := command.Globals{Config: g.Config}
	if tenant != command.DefaultSandbox {
		run.Tenant = tenant
	}
	if dir == usual {
		dir = ""
	}
	stopped := *f
	stopped.Fix, stopped.Next = startAdvice(adviser{g: &run, dir: &dir}.command("profilectl sandbox")), fault.NoAction
	return &stopped
}
