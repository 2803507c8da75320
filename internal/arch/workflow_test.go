package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestWorkflowsPinActions requires a commit for each action, because the owner of an
// action can move a tag, and the version beside it for people.
func TestWorkflowsPinActions(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^\s*-? uses: (.*)$`)
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	found := 0
	for path, text := range workflows(t) {
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			found++
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %s is not pinned", path, match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no workflow uses an action")
	}
}

// TestWorkflowsLimitTheirPermissions requires the permissions of every workflow to be
// read-only, so that a job has to request more.
func TestWorkflowsLimitTheirPermissions(t *testing.T) {
	for path, text := range workflows(t) {
		var workflow struct {
			Permissions map[string]string
		}
		if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if workflow.Permissions == nil {
			t.Errorf("%s has no permissions, so it gets those of the repository", path)
		}
		for scope, access := range workflow.Permissions {
			if access != "read" {
				t.Errorf("%s: permissions for %s: %s, for all of its jobs", path, scope, access)
			}
		}
	}
}

// TestWorkflowsUseTheNewestGo requires the newest patch of the Go version in go.mod. With
// go-version-file, actions/setup-go installs the oldest one, which has known vulnerabilities and
// cannot build tools that require a newer one.
func TestWorkflowsUseTheNewestGo(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if match == nil {
		t.Fatal("go.mod has no version of Go")
	}
	want := string(match[1]) + ".x"
	found := 0
	for path, text := range workflows(t) {
		for job, j := range parseWorkflow(t, text).Jobs {
			for _, step := range j.Steps {
				if !strings.HasPrefix(step.Uses, "actions/setup-go@") {
					continue
				}
				found++
				if step.With["go-version"] != want || step.With["check-latest"] != true {
					t.Errorf("%s, %s: want go-version: %s and check-latest: true", path, job, want)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no workflow sets up Go")
	}
}

// workflows returns the text of every workflow, by path.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = strings.ReplaceAll(string(raw), "\r\n", "\n")
	}
	return all
}
