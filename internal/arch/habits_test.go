package arch

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// only names the one file that may use what the rest of the house is handed;
// "-" stands for none.
var only = map[string]string{
	"os.Exit":                "cmd/profilectl/main.go",
	"os.Getenv":              "internal/cli/env.go",
	"os.LookupEnv":           "internal/cli/env.go",
	"os.Environ":             "internal/cli/env.go",
	"os.Stdin":               "internal/cli/env.go",
	"os.Stdout":              "internal/cli/env.go",
	"os.Stderr":              "internal/cli/env.go",
	"fmt.Print":              "-",
	"fmt.Println":            "-",
	"fmt.Printf":             "-",
	"log.Fatal":              "-",
	"log.Fatalf":             "-",
	"log.Print":              "-",
	"log.Printf":             "-",
	"log.Println":            "-",
	"http.Get":               "-",
	"http.Post":              "-",
	"http.DefaultClient":     "-",
	"keyring.MockInit":       "-",
	"slog.SetDefault":        "-",
	"http.HandleFunc":        "-",
	"http.Handle":            "-",
	"http.ListenAndServe":    "-",
	"http.ListenAndServeTLS": "-",
	"context.TODO":           "-",
}

const longest = 70 // lines of a function

func TestHabits(t *testing.T) {
	packages := map[string]bool{}
	for _, s := range sources(t) {
		packages[s.room] = packages[s.room] || s.file.Doc != nil
		if s.room == "internal/muted" {
			continue // docs/adr/0006
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				checkUse(t, s, n)
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "InsecureSkipVerify" {
					t.Errorf("%s: TLS checks are never off", s.at(n))
				}
			case *ast.CompositeLit:
				checkFault(t, s, n)
			case *ast.FuncDecl:
				checkFunc(t, s, n)
			case *ast.GenDecl:
				checkDocs(t, s, n)
			}
			return true
		})
	}
	for room, documented := range packages {
		if !documented {
			t.Errorf("%s has no package comment", room)
		}
	}
}

func checkUse(t *testing.T, s source, n *ast.SelectorExpr) {
	x, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	if home, ruled := only[x.Name+"."+n.Sel.Name]; ruled && home != s.name {
		t.Errorf("%s: %s.%s belongs in %s", s.at(n), x.Name, n.Sel.Name, home)
	}
}

// checkFault holds every fault to the promise that it says what to do next.
func checkFault(t *testing.T, s source, lit *ast.CompositeLit) {
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Error" {
		return
	}
	if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "fault" {
		return
	}
	given := map[string]string{}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			t.Errorf("%s: name the fields of a fault", s.at(lit))
			return
		}
		text := ""
		if value, ok := kv.Value.(*ast.SelectorExpr); ok {
			text = value.Sel.Name
		}
		if key, ok := kv.Key.(*ast.Ident); ok {
			given[key.Name] = text
		}
	}
	_, hasFix := given["Fix"]
	_, hasNext := given["Next"]
	if !hasFix && !hasNext && given["Kind"] != "Internal" {
		t.Errorf("%s: this fault does not say what to do next", s.at(lit))
	}
}

func checkFunc(t *testing.T, s source, fn *ast.FuncDecl) {
	if fn.Name.Name == "init" && fn.Recv == nil {
		t.Errorf("%s: no init functions", s.at(fn))
	}
	if lines := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line + 1; lines > longest {
		t.Errorf("%s: %s has %d lines; %d is the limit", s.at(fn), fn.Name.Name, lines, longest)
	}
	if fn.Name.IsExported() && exportedReceiver(fn) && fn.Doc == nil {
		t.Errorf("%s: %s is exported and has no comment", s.at(fn), fn.Name.Name)
	}
}

// exportedReceiver is false for methods that no importer can name.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	kind := fn.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func checkDocs(t *testing.T, s source, decl *ast.GenDecl) {
	if decl.Tok == token.IMPORT {
		return
	}
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && decl.Doc == nil && spec.Doc == nil {
				t.Errorf("%s: %s is exported and has no comment", s.at(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && decl.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s is exported and has no comment", s.at(name), name.Name)
				}
			}
		}
	}
}

// TestSandboxShowsFewNames keeps the public package one that people can learn.
func TestSandboxShowsFewNames(t *testing.T) {
	const most = 8
	var names []string
	for _, s := range sources(t) {
		if s.room != "sandbox" {
			continue
		}
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						if spec.Name.IsExported() {
							names = append(names, spec.Name.Name)
						}
					case *ast.ValueSpec:
						for _, n := range spec.Names {
							if n.IsExported() {
								names = append(names, n.Name)
							}
						}
					}
				}
			}
		}
	}
	if len(names) > most {
		t.Errorf("package sandbox exports %d names, %d are the limit: %s", len(names), most, strings.Join(names, " "))
	}
}
