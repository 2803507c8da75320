package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
)

type demoOptions struct{ Browser bool }

func (o *demoOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Browser, browserFlag, false, "do the sign-in pages yourself, in your own browser")
}

func newDemo(env Env, g *globals) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use: "demo", Short: "Run the whole journey on a throw-away tenant", Args: cobra.NoArgs,
		Long: `Start a throw-away tenant on this machine, sign in, show the profile, see the edit
refused without a second factor, step up, edit through the mid-tier, and show the
profile again. Everything is real but the tenant: the sign-in pages, the tokens,
MSAL, TLS, the mid-tier. It needs no browser, no keyring, no network and no
configuration, and leaves nothing behind.`,
		Example: `  profilectl demo
  profilectl demo --browser
  profilectl demo -o json`,
		RunE: func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// demoStep is one step as scripts read it.
type demoStep struct {
	Step    string          `json:"step"`
	OK      bool            `json:"ok"`
	MS      int64           `json:"ms"`
	Profile json.RawMessage `json:"profile,omitempty"`
}

// demoReport is the demo's JSON.
type demoReport struct {
	Steps []demoStep `json:"steps"`
}

// demo is the journey under way: what one step learns and the next one needs.
type demo struct {
	session *session
	stage   *stage
	robot   *pageRobot // nil where the person does the pages
	who     auth.Account
	before  graph.Profile
	demand  *challenge.Challenge
	edit    auth.Token
	change  profile.Change
	report  demoReport
}

func runDemo(ctx context.Context, env Env, g *globals, o demoOptions) error {
	printer, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	st, err := startStage(ctx, env, g, stageOptions{})
	if err != nil {
		return err
	}
	defer st.close()
	ctx, stuck := context.WithCancelCause(ctx)
	defer stuck(nil)
	d := &demo{stage: st}
	inside := st.inside(env)
	if !o.Browser {
		d.robot = newPageRobot(st, stuck)
		inside.OpenBrowser = d.robot.open
	}
	own := *g // the person's own tenant and account settings do not reach the demo
	own.Tenant, own.Account, own.Config, own.NoInput = "", "", "", false
	if d.session, err = openSession(ctx, inside, &own, sessionOptions{}); err != nil {
		return err
	}
	d.session.progress.quiet = !o.Browser // the robot needs no words
	journeyErr := d.journey(ctx, printer.Format == output.FormatTable)
	if cause := context.Cause(ctx); journeyErr != nil && errors.Is(cause, errPages) {
		journeyErr = untold("the sign-in pages went otherwise than told")
	}
	if printer.Format != output.FormatTable {
		if err := printer.Print(d.report, output.Table{}); err != nil {
			return err
		}
	}
	return journeyErr
}

// journey takes the steps in order and stops at the first that did not happen
// as told.
func (d *demo) journey(ctx context.Context, narrate bool) error {
	tell := func(format string, args ...any) {
		if narrate {
			_, _ = fmt.Fprintf(d.session.env.Stdout, format+"\n", args...)
		}
	}
	tell("A throw-away tenant is running: %s", d.stage.facts.Authority)
	if d.robot == nil {
		tell("Sign in as %s with the password %s; the code comes to %s", d.stage.facts.User, d.stage.facts.Password, d.stage.facts.Mailbox)
	}
	for _, step := range []struct {
		name string
		take func(context.Context) (string, json.RawMessage, error)
	}{
		{"sign-in", d.signIn},
		{"show", d.show},
		{"edit-refused-without-mfa", d.refused},
		{"step-up", d.stepUp},
		{"edit", d.send},
		{"show-after", d.showAfter},
	} {
		start := time.Now()
		story, shown, err := step.take(ctx)
		took := time.Since(start)
		d.report.Steps = append(d.report.Steps, demoStep{Step: step.name, OK: err == nil, MS: took.Milliseconds(), Profile: shown})
		if err != nil {
			tell("✗ %-24s %8s", step.name, took.Round(100*time.Microsecond))
			return err
		}
		tell("✓ %-24s %8s  %s", step.name, took.Round(100*time.Microsecond), story)
	}
	tell("Nothing is left behind. Next: `profilectl sandbox` to play with it yourself, or `profilectl demo --browser`.")
	return nil
}

func (d *demo) signIn(ctx context.Context) (string, json.RawMessage, error) {
	t, err := d.session.auth.Interactive(ctx, auth.Request{Scopes: graphScopes()})
	if err != nil {
		return "", nil, err
	}
	d.who = t.Account
	if d.robot != nil && !d.robot.typedPassword() {
		return "", nil, untold("the sign-in asked for no password")
	}
	return fmt.Sprintf("authorization code + PKCE on a loopback redirect; signed in as %s", t.Account.Username), nil, nil
}

func (d *demo) show(ctx context.Context) (string, json.RawMessage, error) {
	me, err := d.session.me(ctx, d.who)
	if err != nil {
		return "", nil, err
	}
	d.before = me
	name := me.Values()["displayName"]
	if name == nil {
		return "", nil, untold("the profile has no display name")
	}
	return fmt.Sprintf("GET /me with User.Read: the display name is %q", *name), me.Raw, nil
}

func (d *demo) refused(ctx context.Context) (string, json.RawMessage, error) {
	t, demand, err := d.session.auth.Silent(ctx, d.who, d.editScopes(), nil)
	switch {
	case err != nil:
		return "", nil, err
	case demand == nil || t.Access != "":
		return "", nil, untold("the tenant gave a token for the edit without a second factor")
	case demand.Claims == "":
		return "", nil, untold("the refusal carried no claims")
	}
	d.demand = demand
	return "policy wants a second factor for the edit scope: AADSTS50076 with claims " + demand.Claims, nil, nil
}

func (d *demo) stepUp(ctx context.Context) (string, json.RawMessage, error) {
	t, err := d.session.auth.Interactive(ctx, auth.Request{Scopes: d.editScopes(), Account: &d.who, Challenge: d.demand})
	if err != nil {
		return "", nil, err
	}
	d.edit = t
	if d.robot != nil && !d.robot.typedCode() {
		return "", nil, untold("the step-up asked for no one-time code")
	}
	return "claims forwarded; the one-time code from the mail box; the same account", nil, nil
}

func (d *demo) send(ctx context.Context) (string, json.RawMessage, error) {
	d.change = profile.Change{}
	if err := d.change.Set("displayName", demoName(d.before)); err != nil {
		return "", nil, err
	}
	demand, err := d.session.midtier.Update(ctx, d.edit.Access, d.change)
	if err != nil {
		return "", nil, err
	}
	if demand != nil {
		return "", nil, untold("the mid-tier asked for yet another sign-in")
	}
	return "POST /updateUserInfo: token verified, exchanged On-Behalf-Of, PATCH /me, 204", nil, nil
}

func (d *demo) showAfter(ctx context.Context) (string, json.RawMessage, error) {
	seen, err := d.session.readBack(ctx, d.who, d.change)
	if err != nil {
		return "", nil, err
	}
	if !seen {
		return "", nil, untold("Microsoft Graph never showed the change")
	}
	me, err := d.session.me(ctx, d.who)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("the display name is %q now", *me.Values()["displayName"]), me.Raw, nil
}

func (d *demo) editScopes() []string { return []string{d.session.settings.Text("edit-scope")} }

// demoName is a name that the profile does not have yet.
func demoName(me graph.Profile) string {
	const name = "Ada Lovelace"
	if now := me.Values()["displayName"]; now != nil && *now == name {
		return "Grace Hopper"
	}
	return name
}

// untold is a step that went otherwise than the demo says.
func untold(what string) error {
	return &fault.Error{Kind: fault.Internal, What: what, Fix: "run `profilectl demo --verbose` and report what it says"}
}
