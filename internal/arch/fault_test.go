package arch

import (
	"go/ast"
	"testing"
)

// TestFaultsSayWhatToDo checks that every fault has a Fix or a Next, except
// internal errors, about which users can do nothing.
func TestFaultsSayWhatToDo(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || selector(lit.Type) != "fault.Error" {
				return true
			}
			given := map[string]ast.Expr{}
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					t.Errorf("%s: write the field names of a fault", s.at(lit))
					return true
				}
				given[kv.Key.(*ast.Ident).Name] = kv.Value
			}
			if given["Fix"] == nil && given["Next"] == nil && selector(given["Kind"]) != "fault.Internal" {
				t.Errorf("%s: this fault does not say what to do next", s.at(lit))
			}
			return true
		})
	}
}
