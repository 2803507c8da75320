package cli

import (
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/terminal"
)

// globals are the flags that every command has.
type globals struct {
	Tenant   string
	Account  string
	Output   string
	JQ       string
	Query    string
	NoInput  bool
	NoColor  bool
	Verbose  bool
	Config   string
	Timeout  time.Duration
	Wait     time.Duration
	Progress string

	InsecureStorage bool // a flag of login only
}

func (g *globals) bind(f *pflag.FlagSet) {
	f.StringVarP(&g.Tenant, "tenant", "t", "", "configured `tenant` to use")
	f.StringVar(&g.Account, "account", "", "signed-in `account` to use if there are several")
	f.StringVarP(&g.Output, "output", "o", "table", "output `format`: table, json or yaml")
	f.StringVar(&g.JQ, "jq", "", "filter the JSON output with a jq `expression`")
	f.StringVar(&g.Query, "query", "", "filter the JSON output with a JMESPath `expression`")
	f.BoolVar(&g.NoInput, "no-input", false, "never prompt and never open a browser")
	f.BoolVar(&g.NoColor, "no-color", false, "print without color")
	f.BoolVarP(&g.Verbose, "verbose", "v", false, "log to stderr, without secrets or personal data")
	f.StringVar(&g.Config, "config", "", "configuration `file`")
	f.StringVar(&g.Progress, "progress", progressAuto, "progress `mode` on stderr: auto, json (lines) or none")
	durationFlag(f, &g.Wait, "wait", 5*time.Minute, "time to wait for the sign-in in the browser")
	durationFlag(f, &g.Timeout, "timeout", 30*time.Second, "timeout of one request")
}

// facts returns what is known about the terminal, with the flags applied.
func (g *globals) facts(env Env) terminal.Capabilities {
	f := env.facts()
	f.Color = f.Color && !g.NoColor
	f.Interactive = f.Interactive && !g.NoInput
	return f
}

// log returns the command's log. It goes to standard error with --verbose, and
// nowhere without.
func (g *globals) log(env Env) *slog.Logger {
	out := io.Discard
	if g.Verbose {
		out = env.Stderr
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// requestLog returns the log for requests, or nil without --verbose.
func (g *globals) requestLog(env Env) *slog.Logger {
	if !g.Verbose {
		return nil
	}
	return g.log(env)
}

// newRoot returns the whole tree of commands.
func newRoot(env Env, g *globals) *cobra.Command { return newRootFor(env, g, nil) }

// newRootFor returns the tree of commands that a command line needs: if it begins with the
// name of a command, only that one, because the other commands and their flags take longer
// to make than most commands run.
func newRootFor(env Env, g *globals, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "profilectl",
		Short: "Show and edit your own profile in a Microsoft Entra External ID tenant",
		Long: `profilectl signs you in to a Microsoft Entra External ID tenant, shows your
profile, and edits it. Edits are protected by a second factor.

Without a tenant, try everything offline:

  profilectl demo`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	printVersion := root.Flags().Bool(versionCommand, false, "print the version")
	notFromEnvironment(root.Flags(), versionCommand)
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *printVersion {
			return runVersion(env, g)
		}
		return runRoot(c, env, g)
	}
	g.bind(root.PersistentFlags())
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	addCommands(root, env, g, commandName(args))
	pageHelp(root, env, g)
	complete(root, "tenant", tenants(env, g))
	complete(root, "account", accounts(env, g))
	complete(root, "output", oneOfThese("table", "json", "yaml"))
	complete(root, "progress", oneOfThese(progressAuto, progressJSON, progressNone))
	return root
}

// addCommands adds the groups of commands, and the command with the given name or, if there
// is none, all commands.
func addCommands(root *cobra.Command, env Env, g *globals, name string) {
	all := true
	for _, group := range commandGroups() {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		if newCommand, ok := group.commands[name]; ok {
			all = false
			root.AddCommand(newCommand(env, g))
		}
	}
	root.CompletionOptions.DisableDefaultCmd = !all
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	if !all {
		return
	}
	for _, group := range commandGroups() {
		for _, newCommand := range group.commands {
			c := newCommand(env, g)
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.AddCommand(newOpenURL(env), newManual(env))
	root.AddCommand(topics()...)
	completeKinds(root)
}

// commandGroup is a heading of the help and the commands below it, by name.
type commandGroup struct {
	id, title string
	commands  map[string]func(Env, *globals) *cobra.Command
}

func commandGroups() []commandGroup {
	type commands = map[string]func(Env, *globals) *cobra.Command
	return []commandGroup{
		{"profile", "Your profile:", commands{
			"login":    newLogin,
			"logout":   newLogout,
			"accounts": newAccounts,
			"whoami":   newWhoami,
			"show":     newShow,
			"edit":     newEdit,
			"password": newPassword,
			"history":  newHistory,
			"token":    newToken,
		}},
		{"try", "Try and operate:", commands{
			"demo":       newDemo,
			"sandbox":    newSandbox,
			serveCommand: newServe,
			"doctor":     newDoctor,
		}},
		{"more", "More:", commands{
			"init":         newInit,
			"setup":        newSetup,
			"config":       newConfig,
			"explain":      newExplain,
			versionCommand: newVersion,
		}},
	}
}

// commandName returns the first argument that is not a flag, or "version" if there is none
// but --version. It returns "" if the flags before it are invalid, or one of them asks for
// the help.
func commandName(args []string) string {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.Usage = func() {}
	f.SetInterspersed(false)
	new(globals).bind(f)
	printVersion := f.Bool(versionCommand, false, "")
	if f.Parse(args) != nil {
		return ""
	}
	if f.NArg() == 0 && *printVersion {
		return versionCommand
	}
	return f.Arg(0)
}
