package servecmd

import (
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestOperatorFixNamesTheSettingsOfServe(t *testing.T) {
	const help = "`profilectl serve --help` describes the settings"
	for _, c := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{"a fix alone", fault.Error{Fix: "try again in a minute"}, "try again in a minute"},
		{"settings to check", fault.Error{Next: fault.DoCheckSettings}, help},
		{
			"a fix and settings to check",
			fault.Error{Fix: "correct authority", Next: fault.DoCheckSettings},
			"correct authority; " + help,
		},
		{
			"a setting",
			fault.Error{Fix: "name the CA", Setting: "ca-file"},
			"name the CA with --ca-file, PROFILECTL_SERVE_CA_FILE, or `ca-file` " +
				"in the section `serve` of the configuration file",
		},
		{
			"a secret setting",
			fault.Error{Fix: "correct the secret", Setting: "client-secret"},
			"correct the secret with PROFILECTL_SERVE_CLIENT_SECRET",
		},
		{
			"a setting of the client",
			fault.Error{Fix: "set mid-tier to an https address", Setting: "mid-tier"},
			"set mid-tier to an https address",
		},
	} {
		if got := operatorFix(&c.err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestOperatorFixSuggestsNoCommandForUsers: the operator of serve has no sign-in and
// no configured tenant.
func TestOperatorFixSuggestsNoCommandForUsers(t *testing.T) {
	for _, action := range fault.Actions() {
		fix := operatorFix(&fault.Error{Next: action})
		if fix == "" || strings.Contains(strings.ReplaceAll(fix, "`profilectl serve --help`", ""), "profilectl") {
			t.Errorf("action %d: got %q", action, fix)
		}
	}
}
