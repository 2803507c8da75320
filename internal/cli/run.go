package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/servecmd"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Run is Main with the signals of the process: Ctrl-C, SIGTERM, and SIGHUP of a
// terminal that is closed, cancel the command, but SIGHUP makes a service reload. A second
// one kills the process as it would any other.
func Run(env command.Env, args []string) int {
	const most = 4 // signals that arrive while one is handled; of each kind, one is enough
	signals := make(chan os.Signal, most)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	env.Hangups = make(chan struct{}, 1)
	return run(context.Background(), env, args, signals)
}

// Main runs the command line and returns the exit code. It keeps no state, so a
// process may call it many times, also concurrently. Only sandbox exec ends all children of
// the process.
func Main(ctx context.Context, env command.Env, args []string) int { return run(ctx, env, args, nil) }

func run(ctx context.Context, env command.Env, args []string, signals chan os.Signal) int {
	g := &command.Globals{}
	root := newRootFor(env, g, args)
	started := prepare(root, env, g)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	out := &written{to: env.Stdout}
	root.SetOut(out)
	root.SetErr(env.Stderr)
	ctx = upstream.WithCorrelationID(ctx, guid.New()) // one for all requests of a command
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hangups := env.Hangups
	if !reloadsOnHangup(root, args) {
		hangups = nil
	}
	go cancelOnSignal(ctx, cancel, signals, hangups)
	c, err := root.ExecuteContextC(ctx)
	if err != nil && !*started && out.err == nil {
		g.Output = requestedOutput(args, g.Output)
		err = usage(c, err)
	}
	if err == nil {
		err = out.err
	}
	return report(ctx, env, g, err)
}

// written keeps the first error of a write: cobra ignores those of its own output, such as
// a completion script.
type written struct {
	to  io.Writer
	err error
}

func (w *written) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err //nolint:wrapcheck // a writer returns errors as they are
}

// cancelOnSignal cancels the command at the first signal. The next one has its
// default effect. If hangups is not nil, the command reloads at SIGHUP: that signal is passed
// on instead, also one that arrives while the command starts or reloads.
func cancelOnSignal(
	ctx context.Context,
	cancel context.CancelCauseFunc,
	signals chan os.Signal,
	hangups chan<- struct{},
) {
	for {
		select {
		case s := <-signals:
			if hangups != nil && s == syscall.SIGHUP {
				select {
				case hangups <- struct{}{}:
				default: // a reload is due already
				}
				continue
			}
			signal.Stop(signals)
			cancel(command.Interrupted{Signal: s})
			return
		case <-ctx.Done():
			return
		}
	}
}

// reloadsOnHangup reports whether the command line runs a service, which SIGHUP does not
// end. No system sends that signal on Windows.
func reloadsOnHangup(root *cobra.Command, args []string) bool {
	c, _, err := root.Find(args)
	return err == nil && c.Name() == servecmd.Name
}

// prepare wraps the code of every command, so that flags that are not on the command line
// are first taken from PROFILECTL_<FLAG>, and that nothing is done if the result could not
// be printed. The result reports, after the run, whether that code was reached; if not, the
// error is cobra's own and about the command line.
func prepare(root *cobra.Command, env command.Env, g *command.Globals) *bool {
	started := new(bool)
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if run := c.RunE; run != nil {
			c.RunE = func(c *cobra.Command, args []string) error {
				*started = true
				if err := command.FlagsFromEnvironment(c.Flags(), env.Getenv); err != nil {
					return err
				}
				g.Output = strings.ToLower(g.Output) // -o JSON means json, for errors too
				if err := prepareOutput(g); err != nil {
					return err
				}
				return run(c, args)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError{err} })
	return started
}

// prepareOutput checks --output, and compiles --jq or --query.
func prepareOutput(g *command.Globals) (err error) {
	if _, err = output.ParseFormat(g.Output); err == nil {
		g.Filter, err = output.ParseFilter(g.JQ, g.Query)
	}
	return err
}

// requestedOutput returns the value of --output on a command line that cobra
// rejected, because a script expects that error as JSON too.
func requestedOutput(args []string, fallback string) string {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.Usage = func() {}
	format := f.StringP("output", "o", fallback, "")
	if f.Parse(args) != nil {
		return fallback
	}
	return strings.ToLower(*format)
}

// flagError is an error of the flag parser.
type flagError struct{ error }

// Unwrap returns the error of package pflag.
func (e flagError) Unwrap() error { return e.error }

// usage turns cobra's own error into a fault, with the flag or command that was
// probably meant.
func usage(c *cobra.Command, err error) error {
	what, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	fix := "see `" + c.CommandPath() + " --help`"
	_, aboutFlag := errors.AsType[flagError](err)
	unknown, unknownFlag := errors.AsType[*pflag.NotExistError](err)
	given := c.Flags().Arg(0)
	switch {
	case unknownFlag:
		if near := nearest.To(unknown.GetSpecifiedName(), flagNames(c)); near != "" {
			fix = "did you mean --" + near + "?"
		}
	case !aboutFlag && !c.HasSubCommands() && c.ValidateArgs(c.Flags().Args()) != nil:
		what = wrongArguments(c)
		if near := nearest.To(given, flagNames(c)); near != "" {
			fix = "did you mean --" + near + "?"
		}
	case meant(given, c) != "":
		fix = "did you mean `" + c.CommandPath() + " " + meant(given, c) + "`?"
	}
	return &fault.Error{Kind: fault.Usage, What: what, Fix: fix, Err: err}
}

// flagNames returns the names of the flags of a command.
func flagNames(c *cobra.Command) []string {
	var names []string
	note := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.Flags().VisitAll(note)
	c.InheritedFlags().VisitAll(note)
	return names
}

// wrongArguments describes the arguments of a command that takes others, or none.
func wrongArguments(c *cobra.Command) string {
	_, names, _ := strings.Cut(c.Use, " ")
	if given := c.Flags().Arg(0); names == "" && given != "" {
		return "`" + c.CommandPath() + "` takes no argument such as " + command.Quote(given)
	}
	return "the arguments of `" + c.CommandPath() + "` are " + names
}

// meant returns the subcommand that was probably meant: one with a similar name, or one
// that other programs call so.
func meant(typed string, c *cobra.Command) string {
	var names []string
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if slices.Contains(sub.SuggestFor, typed) {
			return sub.Name()
		}
		names = append(names, sub.Name())
	}
	return nearest.To(typed, names)
}
