package arch

import (
	"go/ast"
	"strings"
	"testing"
)

// reserved returns the identifiers that only one file may use, and that file;
// "-" stands for none.
func reserved() map[string]string {
	return map[string]string{
		"os.Exit":                "cmd/profilectl/main.go",
		"os.Getenv":              "internal/cli/command/env.go",
		"os.LookupEnv":           "internal/cli/command/env.go",
		"os.Environ":             "internal/cli/command/env.go",
		"os.Stdin":               "internal/cli/command/env.go",
		"os.Stdout":              "internal/cli/command/env.go",
		"os.Stderr":              "internal/cli/command/env.go",
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
}

func TestCodeFollowsConventions(t *testing.T) {
	packages := map[string]bool{}
	reserved := reserved()
	for _, s := range sources(t) {
		packages[s.pkg] = packages[s.pkg] || s.file.Doc != nil
		if s.pkg == "internal/muted" {
			continue // docs/explanation/adr/0006
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if file, ok := reserved[selector(n)]; ok && file != s.name {
					t.Errorf("%s: only %s may use %s", s.at(n), file, selector(n))
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "InsecureSkipVerify" {
					t.Errorf("%s: TLS verification must stay on", s.at(n))
				}
			case *ast.FuncDecl:
				checkFunc(t, s, n)
			case *ast.GenDecl:
				checkDocs(t, s, n)
			}
			return true
		})
	}
	for pkg, documented := range packages {
		if !documented {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

// selector returns an expression such as os.Exit as text, or "" if it is not
// that simple.
func selector(e ast.Expr) string {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := sel.X.(*ast.Ident); ok {
			return x.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

func checkFunc(t *testing.T, s source, fn *ast.FuncDecl) {
	t.Helper()
	if fn.Name.Name == "init" && fn.Recv == nil {
		t.Errorf("%s: init functions are not allowed", s.at(fn))
	}
	if fn.Name.IsExported() && hasExportedReceiver(fn) && fn.Doc == nil {
		t.Errorf("%s: %s is exported and has no comment", s.at(fn), fn.Name.Name)
	}
}

// hasExportedReceiver reports whether importers can name fn's receiver type. It
// is true for functions, which have none.
func hasExportedReceiver(fn *ast.FuncDecl) bool {
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
	t.Helper()
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

// TestSandboxExportsFewNames keeps the public package small enough to learn.
func TestSandboxExportsFewNames(t *testing.T) {
	const limit = 8
	var names []string
	for _, s := range sources(t) {
		if s.pkg != "sandbox" {
			continue
		}
		for _, decl := range s.file.Decls {
			names = append(names, exportedNames(decl)...)
		}
	}
	if len(names) > limit {
		t.Errorf("package sandbox exports %d names, more than %d: %s", len(names), limit, strings.Join(names, " "))
	}
}

// exportedNames returns the names that a declaration adds to its package.
func exportedNames(decl ast.Decl) []string {
	var declared []*ast.Ident
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			declared = append(declared, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				declared = append(declared, spec.Name)
			case *ast.ValueSpec:
				declared = append(declared, spec.Names...)
			}
		}
	}
	var names []string
	for _, name := range declared {
		if name.IsExported() {
			names = append(names, name.Name)
		}
	}
	return names
}
