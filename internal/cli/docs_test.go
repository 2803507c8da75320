package cli

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

// TestSandboxGuideNamesExistingTests checks that docs/reference/sandbox.md names a test
// for each feature that the sandbox has, and that each of them exists.
func TestSandboxGuideNamesExistingTests(t *testing.T) {
	tests := testNames(t)
	rows := guideTable(t, "reference/sandbox.md", "| feature |", 4)
	if len(rows) < 100 {
		t.Errorf("the tables have %d rows, want at least 100", len(rows))
	}
	for _, row := range rows {
		feature, sandbox, names := row[0], row[2], quotedNames(row[3])
		if feature == "feature" { // the heading of another table
			continue
		}
		if !strings.Contains(sandbox, "**no") && len(names) == 0 {
			t.Errorf("no test is named for %q", feature)
		}
		for _, name := range names {
			if !isTest(tests, name) {
				t.Errorf("%q: there is no test %q", feature, name)
			}
		}
	}
}

// TestServeGuideNamesExistingTests checks that docs/reference/serve.md names a test for
// each property of the mid-tier, and that each of them exists.
func TestServeGuideNamesExistingTests(t *testing.T) {
	checkShownBy(t, shownBy(t, "reference/serve.md"), 50)
}

// TestThreatsNameExistingTests checks that docs/explanation/security.md names a test for
// each threat, and that each of them exists.
func TestThreatsNameExistingTests(t *testing.T) {
	checkShownBy(t, shownBy(t, "explanation/security.md"), 30)
}

// shownBy returns the rows of all tables with three columns, the last of which is headed
// "shown by".
func shownBy(t *testing.T, guide string) [][]string {
	t.Helper()
	var rows [][]string
	for _, row := range guideTable(t, guide, "| shown by |", 3) {
		if row[2] != "shown by" {
			rows = append(rows, row)
		}
	}
	return rows
}

// checkShownBy checks that the last cell of each row names tests that exist.
func checkShownBy(t *testing.T, rows [][]string, least int) {
	t.Helper()
	tests := testNames(t)
	if len(rows) < least {
		t.Errorf("the table has %d rows, want at least %d", len(rows), least)
	}
	for _, row := range rows {
		property, names := row[0], quotedNames(row[2])
		if len(names) == 0 {
			t.Errorf("no test is named for %q", property)
		}
		for _, name := range names {
			if !isTest(tests, name) {
				t.Errorf("%q: there is no test %q", property, name)
			}
		}
	}
}

// TestServeGuideNamesEverySetting checks that docs/reference/serve.md has each setting of
// serve with its environment variables.
func TestServeGuideNamesEverySetting(t *testing.T) {
	guide := readGuide(t, "reference/serve.md")
	for _, row := range config.Server() {
		for _, name := range append([]string{row.Name}, row.Env...) {
			if !strings.Contains(guide, "`"+name+"`") {
				t.Errorf("%s is not in the guide", name)
			}
		}
	}
}

// TestSandboxGuideHasTheControlAPI compares the routes of the control API with
// docs/reference/sandbox.md.
func TestSandboxGuideHasTheControlAPI(t *testing.T) {
	source, err := os.ReadFile("../../sandbox/control.go")
	if err != nil {
		t.Fatal(err)
	}
	guide := readGuide(t, "reference/sandbox.md")
	_, guide, _ = strings.Cut(guide, "\n## Control API\n")
	guide, _, _ = strings.Cut(guide, "\n## ")
	routes, documented := map[string]bool{}, map[string]bool{}
	registered := regexp.MustCompile(`route\("([A-Z]+) /control(/[^"]*)"`)
	for _, m := range registered.FindAllStringSubmatch(string(source), -1) {
		routes[m[1]+" "+m[2]] = true
	}
	for _, m := range regexp.MustCompile("`([A-Z]+ /[^`?]*)[`?]").FindAllStringSubmatch(guide, -1) {
		documented[m[1]] = true
	}
	if !maps.Equal(routes, documented) {
		t.Errorf("the guide has\n%v\nthe control API has\n%v", documented, routes)
	}
}

func readGuide(t *testing.T, name string) string {
	t.Helper()
	guide, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(guide)
}

// guideTable returns the cells of the tables that follow a cell of the heading,
// for the rows with a number of columns.
func guideTable(t *testing.T, guide, heading string, columns int) [][]string {
	t.Helper()
	var rows [][]string
	_, table, _ := strings.Cut(readGuide(t, guide), heading)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != columns+2 || strings.HasPrefix(cells[1], " ---") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells[1:columns+1])
	}
	return rows
}

// quotedNames returns the names between backquotes.
func quotedNames(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// isTest reports whether a name is one of the tests. The title of a JavaScript
// test, which contains spaces, may be cut short.
func isTest(tests map[string]bool, name string) bool {
	if !strings.Contains(name, " ") {
		return tests[name]
	}
	for title := range tests {
		if strings.HasPrefix(title, name) {
			return true
		}
	}
	return false
}

// testNames returns the names of all tests of the repository: Go functions,
// scripts without their extension, and tests of the JavaScript clients.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(|^test\("([^"]+)"`)
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if script, ok := strings.CutSuffix(d.Name(), ".txtar"); ok {
			names[script] = true
		}
		if !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".test.mjs") {
			return nil
		}
		text, err := fs.ReadFile(root, path)
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			names[m[1]+m[2]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestExitCodesAreDocumented compares the topic exit-codes with the codes of the faults.
func TestExitCodesAreDocumented(t *testing.T) {
	want := map[int]bool{exitDone: true, exitInterrupted: true}
	for _, kind := range fault.Kinds() {
		want[exitCode(kind)] = true
	}
	got := map[int]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +(\d+)  \w`).FindAllStringSubmatch(exitCodesTopic, -1) {
		code, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		got[code] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("documented are %v, and used are %v", got, want)
	}
}
