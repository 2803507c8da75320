package arch

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflowJobs is the part of a workflow that decides what its jobs may do.
type workflowJobs struct {
	On   map[string]any
	Jobs map[string]struct {
		Environment string
		Permissions map[string]string
		Steps       []struct {
			Uses string
			With map[string]any
			Env  map[string]string
			Run  string
		}
	}
}

func parseWorkflow(t *testing.T, text string) workflowJobs {
	t.Helper()
	var w workflowJobs
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWorkflowsKeepTheirSecrets allows secrets only in an environment, which can require
// an approval, and never together with code of a pull request.
func TestWorkflowsKeepTheirSecrets(t *testing.T) {
	for name, text := range workflows(t) {
		w := parseWorkflow(t, text)
		for _, event := range []string{"pull_request_target", "workflow_run", "issue_comment"} {
			if _, ok := w.On[event]; ok {
				t.Errorf("%s runs for %s, with the secrets of the repository", name, event)
			}
		}
		for job, j := range w.Jobs {
			for _, step := range j.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
					t.Errorf("%s, %s: the checkout leaves the token in .git/config", name, job)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s, %s: pass the expression in env: %s", name, job, step.Run)
				}
				for variable, value := range step.Env {
					if strings.Contains(value, "secrets.") && j.Environment == "" {
						t.Errorf("%s, %s: %s is a secret, and the job has no environment", name, job, variable)
					}
				}
			}
			if j.Environment == "" {
				for scope, access := range j.Permissions {
					if access == "write" && scope != "security-events" {
						t.Errorf("%s, %s: writes %s without an environment", name, job, scope)
					}
				}
			}
		}
	}
}

// TestReleaseTokensAreSet checks the tokens of other repositories, which no snapshot reads:
// GoReleaser accepts only a single variable, and the workflow must set it.
func TestReleaseTokensAreSet(t *testing.T) {
	config, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, text := range workflows(t) {
		for _, step := range parseWorkflow(t, text).Jobs["release"].Steps {
			if strings.Contains(step.Run, "goreleaser release") {
				set = step.Env
			}
		}
	}
	variable := regexp.MustCompile(`^"{{ \.Env\.([A-Z_]+) }}"`)
	tokens := regexp.MustCompile(`\btoken: (.*)`).FindAllStringSubmatch(string(config), -1)
	if len(tokens) != 3 {
		t.Errorf("found %d tokens, want those of Homebrew, Scoop and winget", len(tokens))
	}
	for _, token := range tokens {
		m := variable.FindStringSubmatch(token[1])
		if m == nil {
			t.Errorf("the token %s is not a single variable", token[1])
		} else if set[m[1]] != "${{ secrets."+m[1]+" }}" {
			t.Errorf("release.yml sets %s to %q", m[1], set[m[1]])
		}
	}
}

// TestDependabotWatchesEveryModule compares its directories with the go.mod and
// package.json files.
func TestDependabotWatchesEveryModule(t *testing.T) {
	raw, err := os.ReadFile("../../.github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directory   string
			Directories []string
		}
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	for file, ecosystem := range map[string]string{"go.mod": "gomod", "package.json": "npm"} {
		for name := range textFiles(t, file) {
			if path.Base(name) != file {
				continue
			}
			watched := false
			for _, u := range config.Updates {
				for _, pattern := range append(u.Directories, u.Directory) {
					ok, _ := path.Match(pattern, path.Join("/", path.Dir(name)))
					watched = watched || ok && u.Ecosystem == ecosystem
				}
			}
			if !watched {
				t.Errorf("%s is in no directory of %s in dependabot.yml", name, ecosystem)
			}
		}
	}
}
