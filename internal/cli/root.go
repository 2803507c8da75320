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
	f.BoolVarP(&g.Verbose, "verbose", "v", false, "log to standard error, without secrets or personal data")
	f.StringVar(&g.Config, "config", "", "configuration `file`")
	f.StringVar(&g.Progress, "progress", progressAuto, "progress `mode` on standard error: auto, json (lines) or none")
	durationFlag(f, &g.Wait, "wait", 5*time.Minute, "how long to wait for the browser")
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

func newRoot(env Env, g *globals) *cobra.Command {
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
	printVersion := root.Flags().Bool("version", false, "print the version")
	notFromEnvironment(root.Flags(), "version")
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *printVersion {
			return runVersion(env, g)
		}
		return runRoot(c, env, g)
	}
	g.bind(root.PersistentFlags())
	addGroup(root, "profile", "Your profile:",
		newLogin(env, g), newLogout(env, g), newAccounts(env, g), newWhoami(env, g),
		newShow(env, g), newEdit(env, g), newPassword(env, g), newHistory(env, g), newToken(env, g))
	addGroup(root, "try", "Try and operate:", newDemo(env, g), newSandbox(env, g), newServe(env, g), newDoctor(env, g))
	addGroup(root, "more", "More:", newInit(env, g), newSetup(env, g), newConfig(env, g), newExplain(env, g),
		newVersion(env, g))
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	root.AddCommand(newOpenURL(env), newManual(env))
	root.AddCommand(topics()...)
	pageHelp(root, env, g)
	complete(root, "tenant", tenants(env, g))
	complete(root, "account", accounts(env, g))
	complete(root, "output", oneOfThese("table", "json", "yaml"))
	complete(root, "progress", oneOfThese(progressAuto, progressJSON, progressNone))
	return root
}

// addGroup adds commands under a heading of the help.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}
