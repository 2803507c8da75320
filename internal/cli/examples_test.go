package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
)

// otherExamples are the examples of commands that no script has as a line: each with the
// test that runs the same with other values, or after "not run: " with the reason why none
// does. otherRuns has more.
func otherExamples() map[string]string {
	const recording = "TestRecordingOfTheSandboxHasNoDifferencesAndNoValues"
	return map[string]string{
		"curl -H @":                                            "docs_scripting",
		"profilectl accounts switch":                           "accounts",
		"profilectl demo --browser":                            "TestBrowserCompletesTheDemo",
		"profilectl doctor --bundle":                           "doctor_bundle",
		"profilectl doctor --record":                           recording,
		"profilectl edit --city Bern":                          "edit_attributes",
		"profilectl init":                                      "init",
		"profilectl login --tenant":                            "stepup",
		"profilectl login --no-browser":                        "keyring_faults",
		"profilectl logout --all":                              "accounts",
		"profilectl sandbox --tenant":                          "sandbox_names",
		"profilectl sandbox --attributes":                      "sandbox_attributes",
		"profilectl sandbox --empty":                           "sandbox_empty",
		"profilectl sandbox app edit $APP":                     "sandbox_commands",
		"profilectl sandbox app trust":                         "credentials",
		"profilectl sandbox env":                               "sandbox_env",
		"profilectl sandbox exec -- env":                       "sandbox_env",
		"profilectl sandbox export":                            "sandbox_transfer",
		"profilectl sandbox import":                            "sandbox_transfer",
		"profilectl sandbox mail --to ada@contoso.example --w": "sandbox_commands",
		"profilectl sandbox open":                              "TestDeveloperPagePassesTheAudit",
		"profilectl sandbox token --app":                       "sandbox_token",
		"profilectl serve --authority":                         "serve",
		"profilectl setup plan":                                "setup_journey",
		"profilectl setup apply":                               "setup_journey",
		"profilectl setup destroy":                             "setup_journey",
	}
}

// TestExamplesAreRun checks that every example of a command is run as printed by a script,
// or with other values by the test that otherExamples names.
func TestExamplesAreRun(t *testing.T) {
	scripts, tests := joinWords(scriptCommands(t)), testNames(t)
	used := map[string]bool{}
	elsewhere := func(example string) string {
		for beginning, test := range otherExamples() {
			if strings.HasPrefix(example, beginning) {
				used[beginning] = true
				return test
			}
		}
		return ""
	}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, words := range shellCommands(c.Example) {
			example := strings.ReplaceAll(strings.Join(words, " "), "11111111-…", "$APP")
			if slices.ContainsFunc(scripts, func(line string) bool { return runsExample(line, example) }) {
				continue
			}
			switch test := elsewhere(example); {
			case test == "":
				t.Errorf("no test runs the example of %s: %s", c.CommandPath(), example)
			case !strings.HasPrefix(test, "not run: ") && !isTest(tests, test):
				t.Errorf("there is no test %q, which should run: %s", test, example)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(command.System(), &command.Globals{}))
	for beginning := range otherExamples() {
		if !used[beginning] {
			t.Errorf("no example needs the entry of otherExamples for: %s", beginning)
		}
	}
}

// runsExample reports whether a line of a script runs an example: as a command of the
// script, as a line of its shell, or in a terminal.
func runsExample(line, example string) bool {
	return line == example || line == "exec "+example || strings.HasSuffix(line, " -- "+example)
}
