// Package arch checks the architecture in tests: which package may import which,
// and the conventions that every file follows. It parses the sources itself
// instead of asking the go command, so that the test cache notices a change in
// any of them.
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
	pkg  string // its directory
	file *ast.File
	fset *token.FileSet
}

func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// lines returns how many lines n has.
func (s source) lines(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

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

// sources returns the Go files of the product.
func sources(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("../..")
	var found []source
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
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
		found = append(found, source{name: name, pkg: path.Dir(name), file: file, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// skipped reports whether a directory holds nothing of the product.
func skipped(dir string) bool {
	others := []string{"bench", "interop", "node_modules", "testdata", "tools"}
	return strings.HasPrefix(dir, ".") || slices.Contains(others, dir)
}
