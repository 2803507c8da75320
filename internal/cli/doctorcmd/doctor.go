// Package doctorcmd has the command doctor: the checks, the bundle for a bug report, and the
// recording that compares a tenant with the sandbox.
package doctorcmd

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/bundle"
	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/wrap"
)

type options struct {
	Pre      bool
	Only     []string
	RetryFor time.Duration // 0 runs the checks once
	Bundle   string        // file to write; empty for none
	Yes      bool
	Record   string            // directory for a recording; empty for none
	Serve    bool              // check the mid-tier with its settings
	Settings serveconfig.Flags // of the mid-tier
}

func (o *options) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Pre, "pre", false, "run only the checks that need no sign-in")
	f.StringSliceVar(&o.Only, "only", nil, "run only the checks with these `IDs`, and those they need")
	command.DurationFlag(f, &o.RetryFor, "retry-for", 0, "repeat failed runs for this long, such as 5m")
	f.BoolVar(&o.Serve, "serve", false, "check the mid-tier with the settings of serve instead")
	f.StringVar(&o.Bundle, "bundle", "", "write the redacted results to a new zip `file`")
	f.BoolVar(&o.Yes, "yes", false, "skip the confirmation of --bundle")
	f.StringVar(&o.Record, "record", "", "compare the tenant with the sandbox in a new `directory`")
	bindSettings(f, &o.Settings)
}

// report is the JSON output. Scripts depend on it; a test compares it with a
// frozen one.
type report struct {
	Checks []checkup.Check `json:"checks"`
}

// New returns the command doctor.
func New(env command.Env, g *command.Globals) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:        "doctor",
		SuggestFor: []string{"check"},
		Short:      "Check the configuration, the tenant and the mid-tier",
		Args:       cobra.NoArgs,
		Long: `Check what a sign-in and an edit need: the configuration, the network, the
keyring, the tenant and the mid-tier; after a sign-in, also the registrations,
and whether edits require a second factor. The checks do not change the profile
and keep no token. The exit code is 1 if a check failed. All checks take 20
seconds at most.

--serve checks the mid-tier for its operator: the credential and its expiry, the
consent, an exchange, and the policy of an authentication context. It reads the
settings of "profilectl serve". Checks that need a user's token use the account
that is signed in on this machine.

--record sends the same requests to your tenant and to a temporary sandbox, and
compares status codes, the names of headers and members, types and error codes.
It records no values. You sign in twice, and your display name is written
unchanged. The directory then holds both recordings and the differences.`,
		Example: `  profilectl doctor
  profilectl doctor --pre                   # before the first sign-in
  profilectl doctor --only mfa.enforced     # one check, and those it needs
  profilectl doctor --serve                 # the mid-tier
  profilectl doctor --bundle report.zip     # for a bug report
  profilectl doctor --record recording
  profilectl doctor -o json --jq '.checks[] | select(.status == "failed") | .id'`,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Record != "" {
				return runRecord(c.Context(), env, g, o.Record)
			}
			return runDoctor(c.Context(), env, g, o)
		},
	}
	o.bind(c.Flags())
	command.Complete(c, "only", command.ListOf(checkIDs(env, g, &o)))
	return c
}

// checkIDs completes the ids of the checks of doctor.
func checkIDs(env command.Env, g *command.Globals, o *options) func() []string {
	return func() (ids []string) {
		s, err := newExamination(env, g)
		if err != nil {
			return nil
		}
		for _, check := range s.checks(context.Background(), *o) {
			ids = append(ids, check.ID)
		}
		return ids
	}
}

// examination is one run of doctor.
type examination struct {
	*checkup.Session
	unprinted error // of the first result that could not be written
}

func newExamination(env command.Env, g *command.Globals) (*examination, error) {
	s, err := checkup.New(env, g)
	return &examination{Session: s}, err
}

func runDoctor(ctx context.Context, env command.Env, g *command.Globals, o options) error {
	p, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	s, err := newExamination(env, g)
	if err != nil {
		return err
	}
	if err := needServe(o.Settings, o.Serve); err != nil {
		return err
	}
	if len(o.Only) > 0 {
		if _, err := doctor.Only(s.checks(ctx, o), o.Only); err != nil {
			return err
		}
	}
	if o.Bundle != "" {
		if err := bundle.CheckNew(o.Bundle); err != nil {
			return err
		}
	}
	results := s.run(ctx, o, p.Plain() && o.RetryFor == 0)
	if p.Plain() && o.RetryFor > 0 {
		for _, r := range results {
			s.printResult(r)
		}
	}
	if o.Bundle != "" {
		if err := s.writeBundle(ctx, o, results); err != nil {
			return err
		}
	}
	return cmp.Or(s.reportChecks(p, results), s.unprinted)
}

// checks returns the checks of a user or of the operator of a mid-tier.
func (s *examination) checks(ctx context.Context, o options) []doctor.Check {
	if o.Serve {
		s.Words = func(f *fault.Error) string { return serveFix(s.Globals, f) }
		return doctor.ServeChecks(ctx, s.operator(o.Settings), o.Pre)
	}
	return doctor.Checks(s.Target(), o.Pre)
}

// run runs the checks once, or until none fails if that is wanted. If live is set, it
// prints each result as soon as it is known.
func (s *examination) run(ctx context.Context, o options, live bool) []doctor.Result {
	once := func(ctx context.Context) []doctor.Result {
		checks := s.checks(ctx, o) // new ones: they keep what they found
		if len(o.Only) > 0 {
			checks, _ = doctor.Only(checks, o.Only) // the ids were checked
		}
		return checkup.Run(ctx, checks, func(r doctor.Result) {
			if live {
				s.printResult(r)
			}
		})
	}
	if o.RetryFor == 0 {
		return once(ctx)
	}
	return doctor.RunUntil(ctx, once, checkup.RetryPause, o.RetryFor, func(failed []doctor.Result) {
		s.Say("%s failed; checking again in %s.", failed[0].ID, checkup.RetryPause)
	})
}

// reportChecks prints the report for programs and returns the fault of a run with
// failed checks.
func (s *examination) reportChecks(p output.Printer, results []doctor.Result) error {
	report := report{Checks: []checkup.Check{}}
	for _, r := range results {
		report.Checks = append(report.Checks, s.Check(r))
	}
	if !p.Plain() {
		if err := p.Print(report, output.Table{}); err != nil {
			return err
		}
	}
	return checkup.Failed(results, "")
}

// printResult prints a result for a user.
func (s *examination) printResult(r doctor.Result) {
	c := s.Check(r)
	width := command.WrapWidth(s.Facts.StdoutTTY, s.Facts.Width)
	text := wrap.Hang(fmt.Sprintf("%-8s %-18s ", c.Status, c.ID), output.Safe(c.Seen), width) + "\n"
	if c.Fix != "" {
		text += wrap.Hang("  fix:  ", c.Fix, width) + "\n"
	}
	if c.Link != "" && r.Status != doctor.Skipped {
		text += "  link: " + c.Link + "\n"
	}
	_, err := fmt.Fprint(s.Env.Stdout, text)
	s.unprinted = cmp.Or(s.unprinted, err)
}
