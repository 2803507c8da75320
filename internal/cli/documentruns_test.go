package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// otherRuns are the commands of documents that no script runs as printed: each with the
// test or the program of scripts that runs it or the same one, or after "not run: " with the
// reason why none does.
func otherRuns() map[string]string {
	const (
		node  = "the guide for Node.js: its test passes"
		spa   = "the guide for single-page apps: its app signs in and edits"
		redis = "TestReplicasContinueWithAnEmptiedCache"
		setup = "setup_journey"
	)
	return map[string]string{
		"go run ./cmd/profilectl demo":                            "TestREADMEBeginsWithTheDemoAndTheTests",
		"./scripts/test":                                          "not run: it runs this test",
		"go install ./cmd/profilectl":                             "TestProgramInstallsAsDocumented",
		"profilectl init":                                         "init",
		"profilectl sandbox exec -- node --test":                  node,
		"npm install --save-dev @azure/msal-node playwright-core": node,
		"profilectl sandbox exec -- dotnet test":                  "not run: the page says so",
		"profilectl sandbox exec -- python3 -m pytest":            "TestMSALPythonSignsInWithADeviceCode",
		"profilectl sandbox exec --seed sandbox.yaml":             spa,
		"redis-cli -u $REDIS --scan --pattern profilectl:*":       redis,
		"xargs -r redis-cli -u $REDIS unlink":                     redis,
		"profilectl setup plan --authority contoso":               setup,
		"profilectl setup plan -t contoso":                        setup,
		"profilectl setup apply --authority contoso":              setup,
		"profilectl setup apply -t contoso --enforce":             setup,
		"set -a":           setup,
		". ./mid-tier.env": setup,
		"profilectl serve --allow-password-change": "password",
		"profilectl password":                      "password",

		// TestReleaseIsVerifiedAsDocumented compares the workflow with the document.
		"cosign verify-blob ": "not run: the signature needs an identity of GitHub; release.yml runs it",
		"sha256sum --check ":  "scripts/release-check",
	}
}

// runsElsewhere returns the test of otherRuns for a command that begins like one of them,
// and notes that beginning as used.
func runsElsewhere(command string, used map[string]bool) string {
	for beginning, test := range otherRuns() {
		if strings.HasPrefix(command, beginning) {
			used[beginning] = true
			return test
		}
	}
	return ""
}

// TestDocumentedCommandsAreRun checks that every command in a shell block of a document
// is run: in its block, by the command "block" of a script, or from the file of
// "copy-block"; in a line of a script that is the same; or by the test that otherRuns
// names. The reference of the commands is generated, and its examples are only parsed.
func TestDocumentedCommandsAreRun(t *testing.T) {
	texts, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	commands := scriptCommands(t)
	scripts := joinWords(commands)
	tests, used := testNames(t), map[string]bool{}
	for name, text := range texts {
		if strings.HasPrefix(name, "docs/reference/commands/") {
			continue
		}
		blocks, _ := documentBlocks(text)
		for _, b := range blocks {
			if b.language != "sh" || runsBlock(commands, name, b.text) {
				continue
			}
			for _, words := range shellCommands(b.text) {
				command := strings.Join(words, " ")
				if slices.Contains(scripts, "exec "+command) {
					continue
				}
				switch test := runsElsewhere(command, used); {
				case test == "":
					t.Errorf("%s: no test runs: %s", name, command)
				case strings.HasPrefix(test, "scripts/"):
					if !slices.Contains(joinWords(fileCommands(t, "../../"+test)), command) {
						t.Errorf("%s does not run: %s", test, command)
					}
				case !strings.HasPrefix(test, "not run: ") && !isTest(tests, test):
					t.Errorf("there is no test %q, which should run: %s", test, command)
				}
			}
		}
	}
	for beginning := range otherRuns() {
		if !used[beginning] {
			t.Errorf("no document needs the entry of otherRuns for: %s", beginning)
		}
	}
}

// scriptCommands returns the lines of all scripts as words, without quotes, guards and the
// mark of a command in the background.
func scriptCommands(t *testing.T) [][]string {
	t.Helper()
	names, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var commands [][]string
	for _, name := range names {
		commands = append(commands, fileCommands(t, name)...)
	}
	return commands
}

// fileCommands returns the commands in the lines of a file, without the guards of a script.
func fileCommands(t *testing.T, name string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var commands [][]string
	for line := range strings.Lines(string(raw)) {
		for _, words := range shellCommands(line) {
			if len(words) > 0 && strings.HasPrefix(words[0], "[") {
				words = words[1:]
			}
			commands = append(commands, words)
		}
	}
	return commands
}

// joinWords returns commands as lines, with one space between the words.
func joinWords(commands [][]string) []string {
	var lines []string
	for _, words := range commands {
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// runsBlock reports whether a command of a script runs a shell block of a document, or
// copies it to a file that another command runs.
func runsBlock(commands [][]string, document, text string) bool {
	return slices.ContainsFunc(commands, func(words []string) bool {
		switch {
		case len(words) > 2 && words[0] == "block":
			return words[1] == document && strings.HasPrefix(text, words[2])
		case len(words) > 3 && words[0] == "copy-block":
			return words[2] == document && strings.HasPrefix(text, words[3]) && runsFile(commands, words[1])
		}
		return false
	})
}

// runsFile reports whether a command of a script gives a file to a shell.
func runsFile(commands [][]string, file string) bool {
	return slices.ContainsFunc(commands, func(words []string) bool {
		return len(words) > 2 && words[0] == "exec" && words[1] == "sh" && strings.Contains(words[len(words)-1], file)
	})
}
