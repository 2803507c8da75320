package cli

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// actionFile is what the test reads of action.yml.
type actionFile struct {
	Inputs map[string]struct {
		Description string
		Default     *string
	}
	Runs struct {
		Using string
		Steps []struct {
			Name, Shell, Run, Uses string
			Env                    map[string]string
		}
	}
}

func readAction(t *testing.T) (a actionFile) {
	t.Helper()
	raw, err := os.ReadFile("../../action.yml")
	if err == nil {
		err = yaml.Unmarshal(raw, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range a.Inputs {
		if input.Description == "" || input.Default == nil {
			t.Errorf("the input %s lacks a description or a default", name)
		}
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("got %+v", a.Runs)
	}
	return a
}

// actionRun runs the steps of the action as the runner does.
type actionRun struct {
	t      *testing.T
	temp   string // RUNNER_TEMP
	inputs map[string]string
	held   *os.File // what every process of a step holds open until it ends; or nil
}

var expression = regexp.MustCompile(`\$\{\{ ([\w.-]+) \}\}`)

// step runs a step and returns its output.
func (r actionRun) step(a actionFile, number int) (string, error) {
	r.t.Helper()
	s := a.Runs.Steps[number]
	if s.Uses != "" || s.Shell != "bash" {
		r.t.Fatalf("%s uses %q and the shell %q", s.Name, s.Uses, s.Shell)
	}
	c := exec.CommandContext(r.t.Context(), "bash", "-c", s.Run)
	c.Env = append(os.Environ(),
		"HOME="+r.temp,
		"XDG_STATE_HOME=", "XDG_CONFIG_HOME=",
		"RUNNER_TEMP="+r.temp,
		"GITHUB_ENV="+filepath.Join(r.temp, "github-env"),
		"GITHUB_PATH="+filepath.Join(r.temp, "github-path"))
	for name, value := range s.Env {
		c.Env = append(c.Env, name+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
			name := expression.FindStringSubmatch(e)[1]
			if name == "github.action_path" {
				source, err := filepath.Abs("../..")
				if err != nil {
					r.t.Fatal(err)
				}
				return source
			}
			name, isInput := strings.CutPrefix(name, "inputs.")
			input, known := a.Inputs[name]
			if !isInput || !known {
				r.t.Fatalf("%s: unknown expression %s", s.Name, e)
			}
			if given, ok := r.inputs[name]; ok {
				return given
			}
			return *input.Default
		}))
	}
	if r.held != nil {
		c.ExtraFiles = []*os.File{r.held}
	}
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestActionStartsASandboxForLaterSteps(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the steps need processes that outlive bash")
	}
	a := readAction(t)
	ended, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := actionRun{t: t, temp: t.TempDir(), inputs: map[string]string{"https": "true"}, held: held}
	// The program that the first step would build.
	dir := filepath.Join(r.temp, "profilectl")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	installProgram(t, dir)
	out, err := r.step(a, 1)
	held.Close()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("sh", "-c", `kill -INT "$(cat "$0/pid")"`, dir).CombinedOutput(); err != nil {
			t.Errorf("stop the sandbox: %v: %s", err, out)
		}
		_, _ = io.Copy(io.Discard, ended) // until it has ended, and writes to its directory no longer
	})
	raw, err := os.ReadFile(filepath.Join(r.temp, "github-env"))
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		variables[name] = value
	}
	client := &http.Client{Transport: sandboxTransport(variables["SANDBOX_CA_FILE"])}
	res, err := client.Get(variables["SANDBOX_MAILBOX"])
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	password := variables["SANDBOX_PASSWORD"]
	if password == "" || !strings.Contains(out, "::add-mask::"+password+"\n") {
		t.Errorf("the password is not masked: %q", out)
	}
}

func TestActionRejectsAnArchiveWithAnotherChecksum(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the release of Windows is another kind of archive")
	}
	a := readAction(t)
	releases := t.TempDir()
	dir := filepath.Join(releases, "v1.2.3")
	name := "profilectl_1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	script := `mkdir "$0" && cd "$0" && echo binary >profilectl && tar -czf ` + name + ` profilectl && rm profilectl`
	if out, err := exec.Command("sh", "-c", script, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	archive, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for checksum, valid := range map[string]bool{
		fmt.Sprintf("%x", sha256.Sum256(archive)): true,
		fmt.Sprintf("%x", sha256.Sum256(nil)):     false,
	} {
		// A release lists the SBOM of each archive, which the action does not download.
		list := fmt.Sprintf("%x  %s.sbom.json\n%s  %s\n", sha256.Sum256(nil), name, checksum, name)
		if err := os.WriteFile(filepath.Join(dir, "checksums.txt"), []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		r := actionRun{t: t, temp: t.TempDir(), inputs: map[string]string{
			"version":  "1.2.3",
			"releases": "file://" + releases,
		}}
		out, err := r.step(a, 0)
		_, unpacked := os.Stat(filepath.Join(r.temp, "profilectl", "profilectl"))
		if (err == nil) != valid || (unpacked == nil) != valid {
			t.Errorf("valid %t: got %v, %v: %s", valid, err, unpacked, out)
		}
	}
}
