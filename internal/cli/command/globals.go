package command

import (
	"io"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
)

// Globals are the flags that every command has. They have their values when the code of the
// command runs, and not yet when the command is made.
type Globals struct {
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

	Filter output.Filter // compiled from JQ or Query

	InsecureStorage bool // a flag of login only
}

// Bind adds the flags to those of the root command.
func (g *Globals) Bind(f *pflag.FlagSet) {
	f.StringVarP(&g.Tenant, "tenant", "t", "", "configured `tenant` to use")
	f.StringVar(&g.Account, "account", "", "signed-in `account` to use if there are several")
	f.StringVarP(&g.Output, "output", "o", "table", "output `format`: table, json or yaml")
	f.StringVar(&g.JQ, "jq", "", "filter the JSON output with a jq `expression`")
	f.StringVar(&g.Query, "query", "", "filter the JSON output with a JMESPath `expression`")
	f.BoolVar(&g.NoInput, "no-input", false, "never prompt and never open a browser")
	f.BoolVar(&g.NoColor, "no-color", false, "print without color")
	f.BoolVarP(&g.Verbose, "verbose", "v", false, "log to stderr, without secrets or personal data")
	f.StringVar(&g.Config, "config", "", "configuration `file`")
	f.StringVar(&g.Progress, "progress", ProgressAuto, "progress `mode` on stderr: auto, json (lines) or none")
	DurationFlag(f, &g.Wait, "wait", 5*time.Minute, "time to wait for the sign-in in the browser")
	DurationFlag(f, &g.Timeout, "timeout", 30*time.Second, "timeout of one request")
}

// Facts returns what is known about the terminal, with the flags applied.
func (g *Globals) Facts(env Env) terminal.Capabilities {
	f := env.Facts()
	f.Color = f.Color && !g.NoColor
	f.Interactive = f.Interactive && !g.NoInput
	return f
}

// Log returns the command's log. It goes to standard error with --verbose, and
// nowhere without.
func (g *Globals) Log(env Env) *slog.Logger {
	out := io.Discard
	if g.Verbose {
		out = env.Stderr
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// RequestLog returns the log for requests, or nil without --verbose.
func (g *Globals) RequestLog(env Env) *slog.Logger {
	if !g.Verbose {
		return nil
	}
	return g.Log(env)
}
