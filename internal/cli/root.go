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

	InsecureStorage bool // login's own flag
}

func (g *globals) bind(f *pflag.FlagSet) {
	f.StringVarP(&g.Tenant, "tenant", "t", "", "the configured `tenant` to use")
	f.StringVar(&g.Account, "account", "", "the signed-in `account` to use, where there are several")
	f.StringVarP(&g.Output, "output", "o", "table", "output `format`: table, json or yaml")
	f.StringVar(&g.JQ, "jq", "", "filter the JSON output with a jq `expression`")
	f.StringVar(&g.Query, "query", "", "filter the JSON output with a JMESPath `expression`")
	f.BoolVar(&g.NoInput, "no-input", false, "never ask anything and never open a browser")
	f.BoolVar(&g.NoColor, "no-color", false, "no colours")
	f.BoolVarP(&g.Verbose, "verbose", "v", false, "log to standard error; no secrets, no personal data")
	f.StringVar(&g.Config, "config", "", "the configuration `file`")
	f.StringVar(&g.Progress, "progress", progressAuto, "how to tell what is being done: auto, json (lines on standard error) or none")
	f.DurationVar(&g.Wait, "wait", 5*time.Minute, "how long to wait for the browser")
	f.DurationVar(&g.Timeout, "timeout", 30*time.Second, "time limit of one request")
}

// facts are what is known about the terminal, less what the flags switch off.
func (g *globals) facts(env Env) terminal.Facts {
	f := env.facts()
	f.Color = f.Color && !g.NoColor
	f.Interactive = f.Interactive && !g.NoInput
	return f
}

// log returns where the command's log goes: standard error with --verbose,
// nowhere without.
func (g *globals) log(env Env) *slog.Logger {
	out := io.Discard
	if g.Verbose {
		out = env.Stderr
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newRoot(env Env, g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "profilectl",
		Short: "Show and edit your own profile in a Microsoft Entra External ID tenant",
		Long: `profilectl signs you in to a Microsoft Entra External ID tenant, shows your
profile, and edits it. Editing is protected by a second factor.

Without a tenant at hand, run the whole journey offline:

  profilectl demo`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	g.bind(root.PersistentFlags())
	root.AddGroup(&cobra.Group{ID: "profile", Title: "Your profile:"}, &cobra.Group{ID: "try", Title: "Try and operate:"}, &cobra.Group{ID: "more", Title: "More:"})
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("profile", newLogin(env, g), newLogout(env, g), newAccounts(env, g), newWhoami(env, g), newShow(env, g), newEdit(env, g), newHistory(env, g), newToken(env, g))
	add("try", newDemo(env, g), newSandbox(env, g), newServe(env, g))
	add("more", newConfig(env, g), newVersion(env, g))
	root.AddCommand(newOpenURL(env))
	root.AddCommand(topics()...)
	complete(root, "tenant", tenants(env, g))
	complete(root, "account", accounts(env, g))
	complete(root, "output", oneOfThese("table", "json", "yaml"))
	complete(root, "progress", oneOfThese(progressAuto, progressJSON, progressNone))
	return root
}
