package democmd

import (
	"context"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox"
)

// TestDemoFailsWhenAStepHasAnotherResult changes the tenant so that one step does
// not do what the demo describes.
func TestDemoFailsWhenAStepHasAnotherResult(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*sandbox.Tenant) error
		step   string // the one that fails
		what   string
	}{
		{
			"the policy is off",
			func(tenant *sandbox.Tenant) error { return tenant.SetPolicy(false) },
			"edit-refused-without-mfa",
			"the tenant issued a token for the edit without a second factor",
		},
		{
			"the mid-tier lacks consent",
			func(tenant *sandbox.Tenant) error { return tenant.SetConsent(false) },
			"edit",
			"the service is misconfigured",
		},
		{
			"Graph is unavailable",
			func(tenant *sandbox.Tenant) error {
				for range 3 { // the request and its retries
					tenant.FailNext(sandbox.Fault{Part: "graph", Status: 503})
				}
				return nil
			},
			"show",
			"Microsoft Graph is unavailable or overloaded (HTTP status 503) (serviceNotAvailable)",
		},
		{
			"a page is broken",
			func(tenant *sandbox.Tenant) error {
				tenant.FailNext(sandbox.Fault{Part: "pages", Status: 500})
				return nil
			},
			"sign-in",
			"the sign-in was canceled",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := playground.Start(t.Context(), playground.Options{QuickPasswords: true})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			d := &demo{playground: p, robot: p.NewRobot(cancel)}
			env := command.System().Isolated(p.Variables(), p.Dir)
			env.OpenBrowser = d.robot.Open
			g := &command.Globals{Output: "json", Timeout: 30 * time.Second, Wait: time.Minute}
			if d.session, err = session.Open(ctx, env, g, session.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := c.change(p.Tenant); err != nil {
				t.Fatal(err)
			}
			err = d.journey(ctx, false)
			steps := d.report.Steps
			last := steps[len(steps)-1]
			if err == nil || fault.As(err).What != c.what || last.Step != c.step || last.OK {
				t.Errorf("got %v at %+v, want %q at %s", err, last, c.what, c.step)
			}
			for _, earlier := range steps[:len(steps)-1] {
				if !earlier.OK {
					t.Errorf("%+v failed before", earlier)
				}
			}
		})
	}
}
