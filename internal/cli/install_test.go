package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tests are the tests of this package, with a directory for what several of them use.
type tests struct{ m *testing.M }

// sharedDir is the directory of the tests that run.
var sharedDir string

// Run runs the tests and removes the directory.
func (t tests) Run() int {
	var err error
	if sharedDir, err = os.MkdirTemp("", "profilectl-test-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(sharedDir)
	return t.m.Run()
}

// installation is the result of installing the program in the shared directory.
type installation struct {
	output string // of the documented commands
	err    error
}

// install runs the commands of docs/how-to/install.md, once for all tests, because linking
// the program takes a second. Without cgo, as in the release, the program has the same
// packages in each test that compiles it.
var install = sync.OnceValue(func() installation {
	text, err := os.ReadFile("../../docs/how-to/install.md")
	if err != nil {
		return installation{err: err}
	}
	blocks, _ := documentBlocks(string(text))
	i := slices.IndexFunc(blocks, func(b block) bool { return strings.HasPrefix(b.text, "go install ") })
	if i < 0 {
		return installation{err: errors.New("docs/how-to/install.md does not install the program with Go")}
	}
	c := exec.Command("sh", "-ec", blocks[i].text)
	c.Dir = "../.."
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+sharedDir,
		"PATH="+sharedDir+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	return installation{string(out), err}
})

// installProgram puts the program, as it is without the tests, into a directory.
func installProgram(t *testing.T, dir string) {
	t.Helper()
	i := install()
	if i.err != nil {
		t.Fatalf("%v\n%s", i.err, i.output)
	}
	if err := os.Link(filepath.Join(sharedDir, "profilectl"), filepath.Join(dir, "profilectl")); err != nil {
		t.Fatal(err)
	}
}

func TestProgramInstallsAsDocumented(t *testing.T) {
	i := install()
	ends := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	if i.err != nil || !strings.HasPrefix(i.output, "profilectl ") || !strings.HasSuffix(i.output, ends) {
		t.Errorf("%v\n%s", i.err, i.output)
	}
}
