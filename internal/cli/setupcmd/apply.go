package setupcmd

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/setup"
)

type applyOptions struct {
	options
	MidTier  string
	EnvFile  string
	RetryFor time.Duration
	NoChecks bool
	Yes      bool
}

func newApply(env command.Env, g *command.Globals) *cobra.Command {
	var o applyOptions
	c := &cobra.Command{
		Use:   "apply",
		Short: "Make the changes that setup plan shows",
		Args:  cobra.NoArgs,
		Long: `Create what is missing in the tenant and change what differs. Then write the
tenant to the configuration, write the mid-tier's settings to --env-file, and
run the checks of doctor. In a terminal, the command shows the plan and asks for
confirmation.

Run the same command again to continue a run that stopped. A complete tenant is
not written to. The Conditional Access policy stays in report-only mode until
you use --enforce. A new client secret is written only to --secret-file.`,
		Example: `  profilectl setup apply --authority contoso --secret-file mid-tier.secret \
    --env-file mid-tier.env
  profilectl setup apply --authority contoso --credential certificate \
    --certificate-file mid-tier.pem
  profilectl setup apply --authority contoso --enforce`,
		RunE: func(c *cobra.Command, _ []string) error { return runApply(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	o.bindWanted(c.Flags())
	o.bindAttributes(c.Flags())
	o.bindRun(c.Flags())
	f := c.Flags()
	f.StringVar(&o.MidTier, "mid-tier", "", "`address` of the mid-tier, for the configuration")
	f.StringVar(&o.EnvFile, "env-file", "", "environment `file` to write for serve")
	command.DurationFlag(f, &o.RetryFor, "retry-for", 2*time.Minute, "repeat failed checks for this long")
	f.BoolVar(&o.NoChecks, "no-checks", false, "skip the checks of doctor")
	f.BoolVarP(&o.Yes, "yes", "y", false, "skip the confirmation")
	return c
}

// applyReport is the result of setup apply, as scripts read it.
type applyReport struct {
	setupReport
	Writes     int             `json:"writes"` // requests that changed the tenant
	ClientID   string          `json:"clientId"`
	MidTierID  string          `json:"midTierId"`
	EditScope  string          `json:"editScope"`
	Attributes string          `json:"attributesId"` // client ID of the second application; empty for none
	ReportOnly bool            `json:"reportOnly"`   // the policy is not enforced
	Checks     []checkup.Check `json:"checks"`

	secretExpires, attributesSecretExpires time.Time // zero for another credential
}

func runApply(ctx context.Context, env command.Env, g *command.Globals, o applyOptions) (err error) {
	if err := o.want(env); err != nil {
		return err
	}
	if err := o.check(g); err != nil {
		return err
	}
	a, err := openAdministrator(ctx, env, g, o.options, o.permissions())
	if err != nil {
		return err
	}
	if err := a.confirmApply(ctx, o); err != nil {
		return err
	}
	result, err := setup.Apply(ctx, a.api, o.Wanted, a.runOptions())
	if err != nil {
		return a.explainSecret(err)
	}
	a.warnNamesakes(result.Tenant.Namesakes)
	a.Say("%s: %s, with %s.", "Done", summary(result.Items), plural(result.Writes, "write", "writes"))
	report := applyReport{
		setupReport: a.report(result.Items, result.Tenant.Namesakes),
		Writes:      result.Writes,
		ClientID:    result.Tenant.ClientID(),
		MidTierID:   result.Tenant.MidTierID(),
		EditScope:   result.Tenant.EditScope(o.Wanted),
		Attributes:  result.Tenant.AttributesID(),
		ReportOnly:  !result.Tenant.Enforced(o.Wanted),
		Checks:      []checkup.Check{},

		secretExpires:           result.Tenant.SecretExpires(o.Wanted),
		attributesSecretExpires: result.Tenant.AttributesSecretExpires(o.Wanted),
	}
	if err := a.configureTenant(ctx, o, report); err != nil {
		return err
	}
	if err := a.writeEnvironment(o, report); err != nil {
		return err
	}
	return a.finish(ctx, o, report)
}

// confirmApply shows a user in a terminal what a run would change, and asks. A script, and a
// run that would change nothing, go on.
func (a *administrator) confirmApply(ctx context.Context, o applyOptions) error {
	if o.Yes || !a.Facts.Interactive {
		return nil
	}
	done := a.Progress.Step("find", "Reading the tenant")
	found, err := setup.Find(ctx, a.api, o.Wanted)
	done()
	if err != nil {
		return err
	}
	if err := setup.CheckCredential(found, o.Wanted); err != nil {
		return a.explainSecret(err)
	}
	plan := setup.NewPlan(found, o.Wanted)
	if !plan.Pending() {
		return nil
	}
	for _, i := range plan.Items {
		a.Say("%s", describe(i, a.Progress.Width))
	}
	a.Say("Plan: %s.", summary(plan.Items))
	return a.Env.Confirm(ctx, a.Facts, "Change the tenant "+a.Authority.TenantID+"?")
}

// check rejects flags that contradict each other.
func (o applyOptions) check(g *command.Globals) error {
	if o.MidTier != "" {
		if err := config.Check("mid-tier", o.MidTier); err != nil {
			return err
		}
	}
	if o.Credential.SecretFile == "-" && g.Output != "table" {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the client secret and the " + g.Output + " output cannot both go to standard output",
			Fix:  "write the secret to a file with --secret-file",
		}
	}
	return nil
}

// runOptions returns how a run waits and reports.
func (a *administrator) runOptions() setup.Options {
	name := "setup-" + a.Authority.TenantID + "-" + a.options.Wanted.Deployment + ".json"
	return setup.Options{
		Replication: a.options.Replication,
		Journal:     setup.Journal{Path: filepath.Join(a.Paths.State, name)},
		Report:      func(i setup.Item) { a.Say("%s", describe(i, a.Progress.Width)) },
		Waiting:     func(why string) { a.Progress.Warn("waiting: %s", why) },
	}
}

// explainSecret names the flags for new secrets.
func (a *administrator) explainSecret(err error) error {
	f := *fault.As(err)
	none, w := setup.Credential{}, a.options.Wanted
	second := w.Attributes && w.AttributesCredential == none
	switch {
	case f.Kind != fault.Usage || w.Credential != none && !second:
		return &f
	case !w.Attributes:
		f.Fix = "name a new file with --secret-file"
	default:
		f.Fix = "name new files with --secret-file and --attributes-secret-file"
	}
	f.Fix += ", or use --credential certificate or federated"
	return &f
}

// configureTenant writes the tenant to the configuration, as init does, and makes it the
// current one.
func (a *administrator) configureTenant(ctx context.Context, o applyOptions, r applyReport) error {
	if r.ClientID == "" {
		return nil
	}
	values := []struct{ name, value string }{
		{"authority", a.form.String()},
		{"client-id", r.ClientID},
		{"mid-tier", o.MidTier},
		{"edit-scope", r.EditScope},
		{"ca-file", o.CAFile},
	}
	err := command.UpdateConfig(ctx, a.Env, a.Globals, func(f *config.File) error {
		for _, setting := range values {
			if setting.value == "" {
				continue
			}
			if err := f.Set("tenants."+a.Tenant, setting.name, setting.value); err != nil {
				return err
			}
		}
		return f.Use(a.Tenant)
	})
	if err == nil {
		a.Say("The tenant %s is configured.", a.Tenant)
	}
	return err
}

// serveCommand returns the command that starts the mid-tier with its settings.
func (o applyOptions) serveCommand(goos string) string {
	switch {
	case o.EnvFile == "":
		return "`profilectl serve` and its settings"
	case goos == "windows":
		return "`profilectl serve` and the variables of " + o.EnvFile
	}
	file := o.EnvFile
	if !strings.Contains(file, "/") {
		file = "./" + file // otherwise, the shell looks for it on the PATH
	}
	return "`set -a; . " + command.ShellQuoted(file) + "; profilectl serve`"
}

// finish runs the checks and prints the result.
func (a *administrator) finish(ctx context.Context, o applyOptions, r applyReport) error {
	var checks error
	if !o.NoChecks && r.ClientID != "" {
		r.Checks, checks = a.checkSetup(ctx, o.RetryFor, r.ReportOnly)
	}
	if r.ReportOnly {
		a.Say("The policy is in report-only mode: edits do not need a second factor yet. "+
			"Switch it on with `%s --enforce`.", a.Command("profilectl setup apply"))
	}
	a.Say("Next: start the mid-tier with %s, then `%s`.", o.serveCommand(a.Env.GOOS), a.Command("profilectl login"))
	if !a.Printer.Plain() {
		if err := a.Printer.Print(r, output.Table{}); err != nil {
			return err
		}
	}
	if err := leftFault(r.Objects); err != nil {
		return err
	}
	if checks != nil {
		return fmt.Errorf("check the setup: %w", checks)
	}
	return nil
}
