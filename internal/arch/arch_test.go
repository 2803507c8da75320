// Package arch holds the plan of the house as tests: which package may import
// which, and the habits that every file keeps. It reads the sources itself, not
// through the go command, so that the test cache notices a change in any of
// them.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/profilectl/profilectl/"

// source is one Go file of the product, without tests.
type source struct {
	name string // path from the root of the repository
	room string // its folder
	file *ast.File
	fset *token.FileSet
}

func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("../..")
	var found []source
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bench", "interop", "tools"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		found = append(found, source{name: name, room: path.Dir(name), file: file, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPackagesImportOnlyWhatThePlanSays(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		seen[s.room] = true
		allowed, planned := may[s.room]
		if !planned {
			t.Errorf("%s is not in the plan: add it to may, with what it may import", s.room)
			continue
		}
		for _, p := range s.imports() {
			host, _, _ := strings.Cut(p, "/")
			if !strings.Contains(host, ".") {
				continue // the standard library
			}
			if !covers(allowed, strings.TrimPrefix(p, module)) {
				t.Errorf("%s: %s must not import %s", s.name, s.room, p)
			}
		}
	}
	for room := range may {
		if !seen[room] {
			t.Errorf("%s is in the plan but not in the house: remove it from may", room)
		}
	}
}

// covers tells whether an import is allowed: named itself, or inside a module
// named with a trailing "/...".
func covers(allowed []string, p string) bool {
	for _, a := range allowed {
		if prefix, whole := strings.CutSuffix(a, "/..."); a == p || whole && (p == prefix || strings.HasPrefix(p, prefix+"/")) {
			return true
		}
	}
	return false
}

func TestThePlanHasNoWayUpOrSideways(t *testing.T) {
	for room, imports := range may {
		for _, p := range imports {
			if floor, ours := floors[p]; ours && floors[room] <= floor {
				t.Errorf("the plan lets %s (floor %d) import %s (floor %d)", room, floors[room], p, floor)
			}
			if strings.HasPrefix(room, "sandbox") && strings.HasPrefix(p, "internal/") {
				t.Errorf("the plan lets %s import %s: the sandbox shares nothing with what it tests", room, p)
			}
		}
		if _, ours := floors[room]; !ours {
			t.Errorf("%s has no floor", room)
		}
	}
}
