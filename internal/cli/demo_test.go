package cli

import (
	"context"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
)

// TestTheDemoDoesNotTellWhatDidNotHappen bends the tenant so that a step goes
// otherwise than the demo says.
func TestTheDemoDoesNotTellWhatDidNotHappen(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*stage) error
		step string // that fails
		what string
	}{
		{"the policy is off", func(s *stage) error { return s.tenant.SetPolicy(false) }, "edit-refused-without-mfa", "the tenant gave a token for the edit without a second factor"},
		{"the mid-tier lacks consent", func(s *stage) error { return s.tenant.SetConsent(false) }, "edit", "cannot exchange the access token: consent is missing (AADSTS65001)"},
		{"Graph is down", func(s *stage) error {
			for range 3 {
				s.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 503})
			}
			return nil
		}, "show", "Microsoft Graph is out of order or overloaded (HTTP status 503)"},
		{"a page is broken", func(s *stage) error { s.tenant.FailNext(sandbox.Fault{Part: "pages", Status: 500}); return nil }, "sign-in", "the sign-in was stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, err := startStage(t.Context(), System(), &globals{}, stageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer st.close()
			ctx, stuck := context.WithCancelCause(t.Context())
			defer stuck(nil)
			d := &demo{stage: st, robot: newPageRobot(st, stuck)}
			inside := st.inside(System())
			inside.OpenBrowser = d.robot.open
			g := &globals{Output: "json", Timeout: 30 * time.Second, Wait: time.Minute}
			if d.session, err = openSession(ctx, inside, g, sessionOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := c.bend(st); err != nil {
				t.Fatal(err)
			}
			err = d.journey(ctx, false)
			last := d.report.Steps[len(d.report.Steps)-1]
			if err == nil || fault.As(err).What != c.what || last.Step != c.step || last.OK {
				t.Errorf("got %v at %+v, want %q at %s", err, last, c.what, c.step)
			}
			for _, before := range d.report.Steps[:len(d.report.Steps)-1] {
				if !before.OK {
					t.Errorf("%+v went before", before)
				}
			}
		})
	}
}
