package cli

import (
	"encoding/xml"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestREADMEBeginsWithTheDemoAndTheTests runs the README's first command. The
// second one runs this test, which therefore only checks that it is executable.
func TestREADMEBeginsWithTheDemoAndTheTests(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks, _ := documentBlocks(string(raw))
	want := []block{{"sh", "go run ./cmd/profilectl demo\n"}, {"sh", "./scripts/test\n"}}
	if !slices.Equal(blocks[:2], want) {
		t.Fatalf("the README begins with %q", blocks[:2])
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", blocks[0].text)
	c.Dir = "../.."
	c.Env = append(os.Environ(), "CGO_ENABLED=0") // shares compiled packages with install
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `the display name is now "Ada Lovelace"`) {
		t.Errorf("%v\n%s", err, out)
	}
	checkRecording(t, string(out))
	if info, err := os.Stat("../../scripts/test"); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("scripts/test: %v", err)
	}
}

// checkRecording checks that the recording in the README shows the output of the demo. The
// numbers of another run differ, and the recording breaks long lines.
func checkRecording(t *testing.T, output string) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/images/demo.svg")
	if err != nil {
		t.Fatal(err)
	}
	var recording struct {
		Text string `xml:"desc"`
	}
	if err := xml.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	varying := regexp.MustCompile(`localhost:\d+/[0-9a-f-]+|\b\d[\d.]*(s|ms|µs)\b`)
	normal := func(text string) string {
		return varying.ReplaceAllString(strings.Join(strings.Fields(text), " "), "…")
	}
	if got, want := normal(recording.Text), normal(output); got != want {
		t.Errorf("the recording shows\n%s\nand the demo prints\n%s\nrun `go run ./tools/recording`", got, want)
	}
}
