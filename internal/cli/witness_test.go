package cli

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
)

// TestTheSandboxsTableNamesRealWitnesses: each witness of docs/sandbox.md is a
// test function, a script, or a test of the foreign clients.
func TestTheSandboxsTableNamesRealWitnesses(t *testing.T) {
	guide, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	known := witnesses(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	rows := 0
	_, table, _ := strings.Cut(string(guide), "| feature |")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || strings.HasPrefix(cells[1], " ---") {
			continue
		}
		rows++
		found := quoted.FindAllStringSubmatch(cells[4], -1)
		if len(found) == 0 && !strings.Contains(cells[3], "**no") && !strings.Contains(cells[3], "asks nothing") {
			t.Errorf("nothing shows %q", strings.TrimSpace(cells[1]))
		}
		for _, w := range found {
			if !strings.Contains(known, "\n"+w[1]) {
				t.Errorf("%q is no test", w[1])
			}
		}
	}
	if rows < 30 {
		t.Errorf("the table has %d rows", rows)
	}
}

// TestTheGuideOfServeNamesItsSettingsAndRealWitnesses: docs/serve.md has every
// setting with all its names, and each test that it calls on exists.
func TestTheGuideOfServeNamesItsSettingsAndRealWitnesses(t *testing.T) {
	guide, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range config.Server() {
		for _, name := range append([]string{row.Name}, row.Env...) {
			if !strings.Contains(string(guide), "`"+name+"`") {
				t.Errorf("%s is not in the guide", name)
			}
		}
	}
	known := witnesses(t)
	_, table, _ := strings.Cut(string(guide), "| shown by |")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " ---") {
			continue
		}
		rows++
		found := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1)
		if len(found) == 0 {
			t.Errorf("nothing shows %q", strings.TrimSpace(cells[1]))
		}
		for _, w := range found {
			if !strings.Contains(known+"\n", "\n"+w[1]+"\n") {
				t.Errorf("%q is no test", w[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows", rows)
	}
}

// witnesses lists the names of all tests, one a line.
func witnesses(t *testing.T) string {
	t.Helper()
	var names strings.Builder
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(|^test\("([^"]+)"`)
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		if script, ok := strings.CutSuffix(d.Name(), ".txtar"); ok {
			names.WriteString("\n" + script)
		}
		if !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".test.mjs") {
			return nil
		}
		raw, err := os.ReadFile("../../" + path)
		for _, m := range declared.FindAllStringSubmatch(string(raw), -1) {
			names.WriteString("\n" + m[1] + m[2])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names.String()
}
