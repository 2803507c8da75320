package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
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

// TestOnlyEdgesNameCommandsAndFlags checks that no message of a package other than serve, cli
// and those of its commands names a command or a flag, because the reader may be a user, a client
// of the API or an operator. A fault names an action instead (fault.Error.Next),
// which the edge words for its reader.
func TestOnlyEdgesNameCommandsAndFlags(t *testing.T) {
	command := regexp.MustCompile("`profilectl ")
	flag := regexp.MustCompile(`\s\(?--[a-z]|^--[a-z-]+ `)
	otherProgram := regexp.MustCompile("`[^`]*`")
	edge := regexp.MustCompile(`^internal/(cli(/|$)|serve$)`)
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.pkg, "internal/") || edge.MatchString(s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			text, ok := message(n)
			if command.MatchString(text) || flag.MatchString(otherProgram.ReplaceAllString(text, "")) {
				t.Errorf("%s: %q names a command or a flag; name the action or the setting", s.at(n), text)
			}
			return !ok
		})
	}
}

// message returns the text of a string literal, or of several in one expression,
// and whether n is such an expression.
func message(n ast.Node) (text string, ok bool) {
	switch n.(type) {
	case *ast.BasicLit, *ast.BinaryExpr:
	default:
		return "", false
	}
	ast.Inspect(n, func(part ast.Node) bool {
		if lit, isLiteral := part.(*ast.BasicLit); isLiteral && lit.Kind == token.STRING {
			if value, err := strconv.Unquote(lit.Value); err == nil {
				text += value
			}
		}
		return true
	})
	return text, true
}
