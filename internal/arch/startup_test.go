package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// TestPackageInitializationDoesNoWork checks that no package-level variable is
// computed when the program starts, because every command would wait for it.
// Whatever takes time is built on first use, with sync.OnceValue.
func TestPackageInitializationDoesNoWork(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg == "internal/muted" {
			continue // docs/explanation/adr/0006
		}
		for _, decl := range s.file.Decls {
			vars, ok := decl.(*ast.GenDecl)
			if !ok || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					checkInitialValue(t, s, value)
				}
			}
		}
	}
}

func checkInitialValue(t *testing.T, s source, value ast.Expr) {
	t.Helper()
	cheap := []string{"errors.New", "fmt.Errorf", "sync.OnceFunc", "sync.OnceValue", "sync.OnceValues"}
	ast.Inspect(value, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // runs later, if ever
		case *ast.CallExpr:
			_, conversion := n.Fun.(*ast.ParenExpr) // such as (*T)(nil)
			if !conversion && !slices.Contains(cheap, selector(n.Fun)) {
				t.Errorf("%s: this call runs at every start; use sync.OnceValue", s.at(n))
			}
		case *ast.CompositeLit:
			if _, ok := n.Type.(*ast.MapType); ok {
				t.Errorf("%s: this map is filled at every start; use a switch or sync.OnceValue", s.at(n))
			}
		}
		return true
	})
}
