package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestReleaseIsVerifiedAsDocumented compares the signature that docs/how-to/install.md
// verifies with the one that the workflow verifies after a release. Only a workflow at GitHub
// can create it, so programs that stand in for cosign and the others print their arguments.
func TestReleaseIsVerifiedAsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../.github/workflows/release.yml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs struct {
			Verify struct {
				Steps []struct{ Run string }
			}
		}
	}
	if err := yaml.Unmarshal(raw, &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs.Verify.Steps
	blocks, _ := documentBlocks(readGuide(t, "how-to/install.md"))
	i := slices.IndexFunc(blocks, func(b block) bool { return strings.HasPrefix(b.text, "cosign ") })
	if i < 0 || len(steps) == 0 {
		t.Fatal("the document or the workflow does not verify a release")
	}
	want, got := verifiedSignature(t, blocks[i].text), verifiedSignature(t, steps[len(steps)-1].Run)
	if len(want) != 7 || !slices.Equal(got, want) {
		t.Errorf("the workflow verifies\n%q\nand the document\n%q", got, want)
	}
}

// verifiedSignature returns the sorted arguments of cosign verify-blob in a script that
// verifies version 1.2.3.
func verifiedSignature(t *testing.T, script string) []string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"cosign", "gh", "docker", "sha256sum"} {
		program := "#!/bin/sh\nfor argument in " + name + ` "$@"; do printf '%s ' "$argument"; done` + "\necho\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(program), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("bash", "-eo", "pipefail", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "TAG=v1.2.3", "REPOSITORY=profilectl/profilectl",
		"WORKFLOW=profilectl/profilectl/.github/workflows/release.yml", "ACTOR=actor", "GH_TOKEN=token")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) > 1 && words[1] == "verify-blob" {
			return slices.Sorted(slices.Values(words[2:]))
		}
	}
	t.Fatalf("the script does not verify a signature: %s", out)
	return nil
}
