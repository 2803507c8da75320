// Package democmd has the command demo, a whole journey on a temporary tenant.
package democmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/wrap"
)

type options struct{ Browser bool }

func (o *options) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Browser, command.BrowserFlag, false, "complete the sign-in pages yourself, in your own browser")
}

// New returns the command demo.
func New(env command.Env, g *command.Globals) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "demo",
		Short: "Sign in, step up and edit in a temporary tenant, offline",
		Long: `Start a temporary tenant on this machine, sign in, show the profile, try to edit
it without a second factor, step up, edit it through the mid-tier, and show it
again.

Only the tenant is simulated. The tokens, MSAL, TLS and the mid-tier are real.
The demo needs no browser, keyring, network or configuration, and leaves nothing
behind.`,
		Example: `  profilectl demo
  profilectl demo --browser
  profilectl demo -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// report is the output of the demo in JSON.
type report struct {
	Steps []stepResult `json:"steps"`
}

// stepResult is the result of one step in JSON.
type stepResult struct {
	Step    string          `json:"step"`
	OK      bool            `json:"ok"`
	MS      int64           `json:"ms"`
	Profile json.RawMessage `json:"profile,omitempty"`
}

// demo is a journey in progress. It holds what later steps need from earlier ones.
type demo struct {
	playground *playground.Playground
	session    *session.Session
	robot      *playground.Robot // nil if the user completes the pages
	account    auth.Account
	before     graph.Profile
	challenge  *challenge.Challenge
	token      auth.Token // for the edit
	change     profile.Change
	report     report
}

func run(ctx context.Context, env command.Env, g *command.Globals, o options) error {
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	p, err := playground.Start(ctx, playground.Options{
		QuickPasswords: env.QuickPasswords,
		Version:        command.ThisBuild().Version,
		Log:            g.Log(env),
	})
	if err != nil {
		return err
	}
	defer p.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d := &demo{playground: p}
	env = env.Isolated(p.Variables(), p.Dir)
	if !o.Browser {
		d.robot = p.NewRobot(cancel)
		env.OpenBrowser = d.robot.Open
	}
	own := *g // the user's own tenant and account do not affect the demo
	own.Tenant, own.Account, own.Config, own.NoInput = "", "", "", false
	if d.session, err = session.Open(ctx, env, &own, session.Options{}); err != nil {
		return err
	}
	if !o.Browser {
		d.session.Progress.Silence() // the robot does not read
	}
	table := printer.Format == output.FormatTable
	journeyErr := d.journey(ctx, table)
	if journeyErr != nil && errors.Is(context.Cause(ctx), playground.ErrPages) {
		journeyErr = unexpected("the robot could not complete the sign-in pages")
	}
	if !table {
		if err := printer.Print(d.report, output.Table{}); err != nil {
			return err
		}
	}
	return journeyErr
}

// journey takes the steps in order and stops at the first one with another result
// than the demo describes.
func (d *demo) journey(ctx context.Context, narrate bool) error {
	facts := d.session.Env.Facts()
	width := command.WrapWidth(facts.StdoutTTY, facts.Width)
	var unprinted error // the steps are taken anyway
	say := func(label, text string) {
		if !narrate {
			return
		}
		_, err := fmt.Fprintln(d.session.Env.Stdout, wrap.Hang(label, text, width))
		unprinted = cmp.Or(unprinted, err)
	}
	tenant := d.playground.Facts
	say("", "A temporary tenant is running: "+tenant.Authority)
	if d.robot == nil {
		say("", fmt.Sprintf("Sign in as %s with the password %s; the code is sent to %s",
			tenant.User, tenant.Password, tenant.Mailbox))
	}
	for _, step := range d.steps() {
		start := time.Now()
		text, shown, err := step.take(ctx)
		took := time.Since(start)
		d.report.Steps = append(d.report.Steps, stepResult{
			Step:    step.name,
			OK:      err == nil,
			MS:      took.Milliseconds(),
			Profile: shown,
		})
		rounded := took.Round(100 * time.Microsecond)
		if err != nil {
			say(fmt.Sprintf("✗ %-24s %8s", step.name, rounded), "")
			return err
		}
		say(fmt.Sprintf("✓ %-24s %8s  ", step.name, rounded), text)
	}
	say("", "Nothing is left behind. "+
		"Next: `profilectl sandbox`, or `profilectl demo --browser`.")
	return unprinted
}
