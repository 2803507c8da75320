package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/robot"
)

func TestRecordingOfTheSandboxHasNoDifferencesAndNoValues(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir := filepath.Join(t.TempDir(), "recording")
	if code := m.run(t, "doctor", "--record", dir); code != 0 {
		t.Fatalf("ended with %d: %s", code, m.out)
	}
	report := m.out.String()
	if !strings.Contains(report, "The tenant and the sandbox do not differ.") || strings.Contains(report, "differs ") {
		t.Errorf("reported:\n%s", report)
	}
	for _, row := range []string{
		"mfa-refusal", "mfa-error-word", "sts-headers", "error-line-breaks", "error-uri",
		"graph-unknown-property", "authorize-errors", "logout-redirect", "tid-claim", "graph-tokens-v1",
		"missing-parameters", "malformed-requests", "graph-case", "graph-expand", "graph-collection-options",
		"graph-paths", "graph-methods", "graph-other-user", "graph-batch", "userinfo",
	} {
		if !strings.Contains(report, "confirmed  "+row+"\n") {
			t.Errorf("%s was not confirmed:\n%s", row, report)
		}
	}
	facts := m.playground.Facts
	secrets := []string{
		facts.TenantID, facts.ClientID, facts.MidTierID, facts.User, facts.Password,
		"Casey", "contoso", "Copenhagen", "eyJ", "localhost", "AADSTS",
	}
	for _, name := range []string{"tenant.json", "sandbox.json", "comparison.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			for _, form := range forms(secret) {
				if len(form) > 2 && bytes.Contains(bytes.ToLower(raw), []byte(strings.ToLower(form))) {
					t.Errorf("%s holds %q:\n%s", name, form, raw)
				}
			}
		}
	}
	// the directory is in use, and nothing is sent
	if code := m.run(t, "doctor", "--record", dir); code != 2 {
		t.Errorf("the second recording ended with %d: %s", code, m.out)
	}
}

// TestRecordingKeepsTheStepsBeforeAFailure records a journey that ends early: the steps
// before the failure are written and compared.
func TestRecordingKeepsTheStepsBeforeAFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step      string
		ends      func(m *machine)
		code      int
		confirmed string
		missing   string // is not judged
	}{
		{
			"sign-in",
			func(m *machine) { m.env.OpenBrowser = canceling(m) },
			2, "authorize-errors", "tid-claim",
		},
		{
			"silent-edit", // without the policy, the tenant issues the token
			func(m *machine) { _ = m.playground.Tenant.SetPolicy(false) },
			6, "graph-unknown-property", "mfa-refusal",
		},
	} {
		m := newMachine(t)
		c.ends(m)
		dir := filepath.Join(t.TempDir(), "recording")
		if code := m.run(t, "doctor", "--record", dir); code != c.code {
			t.Errorf("%s: ended with %d: %s", c.step, code, m.out)
		}
		report := m.out.String()
		if !strings.Contains(report, "It ends at the step "+c.step+", which failed") ||
			!strings.Contains(report, "confirmed  "+c.confirmed+"\n") ||
			strings.Contains(report, "differs ") || strings.Contains(report, c.missing) {
			t.Errorf("%s: reported:\n%s", c.step, report)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "tenant.json"))
		if err != nil || !bytes.Contains(raw, []byte(`"step": "discovery"`)) {
			t.Errorf("%s: %v: %s", c.step, err, raw)
		}
	}
}

// canceling returns a browser whose user cancels the sign-in.
func canceling(m *machine) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		browser, err := robot.New(robot.User{Cancel: true}, m.playground.Transport)
		if err != nil {
			return err
		}
		go func() { _, _ = browser.Open(ctx, address) }()
		return nil
	}
}
