package cli

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// readmeCommands returns the commands in the README's shell blocks, in order.
func readmeCommands() ([]string, error) { return readmeBlocks("sh") }

// readmeBlocks returns the lines of the README's code blocks in a language.
func readmeBlocks(language string) ([]string, error) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		return nil, err
	}
	var lines []string
	inside := false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```"+language:
			inside = true
		case line == "```":
			inside = false
		case inside && line != "":
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// readmeCommand runs the commands of the README that begin with a prefix, exactly
// as they are printed.
func readmeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readme PREFIX")
	}
	lines, err := readmeCommands()
	ts.Check(err)
	ran := 0
	for _, line := range lines {
		if strings.HasPrefix(line, args[0]) {
			ts.Logf("$ %s", line)
			ts.Check(ts.Exec("sh", "-ec", line))
			ran++
		}
	}
	if ran == 0 {
		ts.Fatalf("the README has no command that begins with %s", args[0])
	}
}

// TestREADMEBeginsWithTheDemoAndTheTests runs the README's first command. The
// second one runs this test, which therefore only checks that it is executable.
func TestREADMEBeginsWithTheDemoAndTheTests(t *testing.T) {
	lines, err := readmeCommands()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(lines[:2], []string{"go run ./cmd/profilectl demo", "./scripts/test"}) {
		t.Fatalf("the README begins with %q", lines[:2])
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", lines[0])
	c.Dir = "../.."
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `the display name is now "Ada Lovelace"`) {
		t.Errorf("%v\n%s", err, out)
	}
	checkTranscript(t, string(out))
	if info, err := os.Stat("../../scripts/test"); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("scripts/test: %v", err)
	}
}

// checkTranscript checks that the README shows the output of the demo. The
// numbers of another run differ.
func checkTranscript(t *testing.T, output string) {
	t.Helper()
	transcript, err := readmeBlocks("text")
	if err != nil {
		t.Fatal(err)
	}
	if len(transcript) == 0 {
		t.Error("the README shows no output of the demo")
	}
	varying := regexp.MustCompile(`localhost:\d+/[0-9a-f-]+| +\d[\d.]*(s|ms|µs)|\{.*\}`)
	output = varying.ReplaceAllString(output, "…")
	for _, line := range transcript {
		if !strings.Contains(output, varying.ReplaceAllString(line, "…")) {
			t.Errorf("the demo does not print this line of the README: %s", line)
		}
	}
}
