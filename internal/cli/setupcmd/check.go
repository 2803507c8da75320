package setupcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/internal/wrap"
)

// checkSetup runs the checks of doctor until none fails, or until the time is over: Entra
// needs minutes to replicate a new setup.
func (a *administrator) checkSetup(
	ctx context.Context, retryFor time.Duration, reportOnly bool,
) ([]checkup.Check, error) {
	g := *a.Globals
	g.Tenant = a.Tenant
	s, err := checkup.New(a.Env, &g)
	if err != nil {
		return nil, err
	}
	once := func(ctx context.Context) []doctor.Result {
		results := checkup.Run(ctx, doctor.Checks(s.Target(), false), func(doctor.Result) {})
		for i, r := range results {
			results[i] = expected(r, reportOnly)
		}
		return results
	}
	results := doctor.RunUntil(ctx, once, checkup.RetryPause, retryFor, func(failed []doctor.Result) {
		a.Say("%s failed; checking again in %s.", failed[0].ID, checkup.RetryPause)
	})
	var checks []checkup.Check
	for _, r := range results {
		c := s.Check(r)
		checks = append(checks, c)
		if r.Status != doctor.OK {
			a.Say("%s", wrap.Hang(fmt.Sprintf("%-8s %-18s ", c.Status, c.ID), c.Seen, a.Progress.Width))
		}
		if r.Status == doctor.Failed && c.Fix != "" {
			a.Say("  fix: %s", c.Fix)
		}
	}
	return checks, checkup.Failed(results, "; the setup itself is complete")
}

// expected returns a result as it counts right after the setup: the mid-tier does not
// run yet, a policy in report-only mode does not protect edits, and customers use keyrings
// of other machines.
func expected(r doctor.Result, reportOnly bool) doctor.Result {
	const midTier, enforced, keyring = "midtier.", "mfa.enforced", "keyring.roundtrip"
	switch {
	case r.Status != doctor.Failed:
	case strings.HasPrefix(r.ID, midTier):
		r.Status, r.Seen, r.Fault = doctor.Skipped, "the mid-tier is not running yet", nil
	case r.ID == enforced && reportOnly, r.ID == keyring:
		r.Status = doctor.Warning
	}
	return r
}

// writeEnvironment writes the settings of the mid-tier to the environment file. Other
// lines of the file stay.
func (a *administrator) writeEnvironment(o applyOptions, r applyReport) error {
	if o.EnvFile == "" || r.MidTierID == "" {
		return nil
	}
	settings, err := a.serveSettings(o, r)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(o.EnvFile)
	if err != nil && !os.IsNotExist(err) {
		return cannotWriteFile(o.EnvFile, err)
	}
	after := withVariables(string(before), settings)
	if after == string(before) {
		return nil
	}
	if err := statefile.Write(o.EnvFile, []byte(after)); err != nil {
		return cannotWriteFile(o.EnvFile, err)
	}
	a.Say("The settings of the mid-tier are in %s.", o.EnvFile)
	if o.Wanted.Credential.Federated != nil {
		a.Say("The mid-tier needs the token of its platform: set PROFILECTL_SERVE_FEDERATED_TOKEN_FILE to its file.")
	}
	return nil
}

// envLine is a line of an environment file.
type envLine struct{ name, value string }

// serveSettings returns the variables of serve for the new mid-tier (docs/reference/serve.md).
func (a *administrator) serveSettings(o applyOptions, r applyReport) ([]envLine, error) {
	const prefix = "PROFILECTL_SERVE_"
	settings := []envLine{
		{prefix + "AUTHORITY", a.form.String()},
		{prefix + "TENANT_ID", a.Authority.TenantID},
		{prefix + "CLIENT_ID", r.MidTierID},
		{prefix + "REQUIRE_AUTH_CONTEXT", o.Wanted.AuthContext},
		{prefix + "CLIENT_SECRET_EXPIRES", day(r.secretExpires)},
		{prefix + "ATTRIBUTES_CLIENT_SECRET_EXPIRES", day(r.attributesSecretExpires)},
	}
	if o.Wanted.PasswordChange {
		settings = append(settings, envLine{prefix + "ALLOW_PASSWORD_CHANGE", "true"})
	}
	if a.Settings.Configured("graph") {
		settings = append(settings, envLine{prefix + "GRAPH", a.Settings.Text("graph")})
	}
	var second attributeOptions
	if o.Wanted.Attributes {
		settings = append(settings, envLine{prefix + "ATTRIBUTES_CLIENT_ID", r.Attributes})
		second = o.Attributes
	}
	for _, file := range []envLine{
		{prefix + "CA_FILE", a.options.CAFile},
		{prefix + "ATTRIBUTES", second.File},
		{prefix + "ATTRIBUTES_CLIENT_SECRET_FILE", second.SecretFile},
		{prefix + "ATTRIBUTES_CLIENT_CERTIFICATE", second.CertificateFile},
		{prefix + "CLIENT_SECRET_FILE", strings.TrimPrefix(o.Credential.SecretFile, "-")},
		{prefix + "CLIENT_CERTIFICATE", o.Credential.CertificateFile},
	} {
		if file.value == "" {
			continue
		}
		path, err := filepath.Abs(file.value)
		if err != nil {
			return nil, cannotWriteFile(file.value, err)
		}
		settings = append(settings, envLine{file.name, path})
	}
	return settings, nil
}

// day returns the date of a time, or an empty string for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// withVariables returns the text of an environment file with the variables set. An empty
// value is left out.
func withVariables(text string, set []envLine) string {
	var lines []string
	if text != "" {
		lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	for _, v := range set {
		if v.value == "" {
			continue
		}
		line, found := v.name+"="+v.value, false
		for i, l := range lines {
			if strings.HasPrefix(l, v.name+"=") {
				lines[i], found = line, true
			}
		}
		if !found {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
