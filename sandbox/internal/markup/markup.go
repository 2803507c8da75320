// Package markup renders HTML templates. The language is a part of that of html/template:
// text, actions, if, with, range, template, variables and functions, but no methods and no
// pipelines.
//
// Package html/template calls methods by names that are known only when it runs. A program
// that contains it keeps every exported method of every type, also those that nothing calls
// (docs/explanation/adr/0012-templates-without-methods.md).
//
// Every value is escaped for text and for quoted attributes. Templates must not put one
// anywhere else; a test checks all pages of the sandbox.
package markup

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"text/template/parse"
)

// Raw is text that is not escaped.
type Raw string

// Func is a function that templates can call.
type Func func(args ...any) (any, error)

// Set holds parsed templates. It is safe for concurrent use.
type Set struct {
	trees map[string]*parse.Tree
	funcs map[string]Func
}

// Parse parses the files whose names match a pattern of path.Match. A template has the name
// of its file, without directories, or that of its define. The functions are added to and,
// or, not, eq, ne and address.
func Parse(files fs.FS, pattern string, funcs map[string]Func) (*Set, error) {
	s := &Set{trees: map[string]*parse.Tree{}, funcs: builtins()}
	known := map[string]any{}
	maps.Copy(s.funcs, funcs)
	for name := range s.funcs {
		known[name] = true
	}
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		trees, err := parse.Parse(path.Base(name), string(text), "", "", known)
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		maps.Copy(s.trees, trees)
	}
	return s, nil
}

// Render returns a template with its data, which the template calls the dot.
func (s *Set) Render(name string, data any) ([]byte, error) {
	r := &renderer{set: s}
	if err := r.template(name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return r.out.Bytes(), nil
}

// variable is a variable of a template, such as $name.
type variable struct {
	name  string
	value any
}

// renderer renders a template. Variables are found from the end.
type renderer struct {
	set  *Set
	out  bytes.Buffer
	vars []variable
}

func (r *renderer) template(name string, dot any) error {
	tree, ok := r.set.trees[name]
	if !ok {
		return fmt.Errorf("there is no template %q", name)
	}
	outer := r.vars
	defer func() { r.vars = outer }()
	r.vars = []variable{{"$", dot}}
	return r.node(dot, tree.Root)
}

func (r *renderer) node(dot any, n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			if err := r.node(dot, child); err != nil {
				return err
			}
		}
		return nil
	case *parse.TextNode:
		r.out.Write(n.Text)
		return nil
	case *parse.ActionNode:
		value, err := r.pipe(dot, n.Pipe)
		if err == nil && len(n.Pipe.Decl) == 0 {
			r.print(value)
		}
		return err
	case *parse.IfNode:
		return r.branch(dot, &n.BranchNode, false)
	case *parse.WithNode:
		return r.branch(dot, &n.BranchNode, true)
	case *parse.RangeNode:
		return r.loop(dot, &n.BranchNode)
	case *parse.TemplateNode:
		data, err := r.pipe(dot, n.Pipe)
		if err != nil {
			return err
		}
		return r.template(n.Name, data)
	}
	return fmt.Errorf("%s is not supported", n)
}

func (r *renderer) print(value any) {
	if raw, ok := value.(Raw); ok {
		r.out.WriteString(string(raw))
		return
	}
	r.out.WriteString(html.EscapeString(text(value)))
}

// branch renders an if or a with, which changes the dot.
func (r *renderer) branch(dot any, n *parse.BranchNode, with bool) error {
	defer r.scope()()
	value, err := r.pipe(dot, n.Pipe)
	switch {
	case err != nil:
		return err
	case truth(value) && with:
		return r.node(value, n.List)
	case truth(value):
		return r.node(dot, n.List)
	case n.ElseList != nil:
		return r.node(dot, n.ElseList)
	}
	return nil
}

// loop renders a range.
func (r *renderer) loop(dot any, n *parse.BranchNode) error {
	value, err := r.evaluate(dot, n.Pipe)
	if err != nil {
		return err
	}
	keys, elements, err := each(value)
	if err != nil {
		return err
	}
	if len(elements) == 0 && n.ElseList != nil {
		return r.node(dot, n.ElseList)
	}
	for i, element := range elements {
		end := r.scope()
		switch declared := n.Pipe.Decl; len(declared) {
		case 1:
			r.declare(declared[0], element)
		case 2:
			r.declare(declared[0], keys[i])
			r.declare(declared[1], element)
		}
		err := r.node(element, n.List)
		end()
		if err != nil {
			return err
		}
	}
	return nil
}

// scope returns a function that forgets the variables that were declared since.
func (r *renderer) scope() (end func()) {
	count := len(r.vars)
	return func() { r.vars = r.vars[:count] }
}

func (r *renderer) declare(v *parse.VariableNode, value any) {
	r.vars = append(r.vars, variable{v.Ident[0], value})
}

// builtins returns the functions that every template can call.
func builtins() map[string]Func {
	return map[string]Func{
		"and":     func(args ...any) (any, error) { return firstThat(false, args), nil },
		"or":      func(args ...any) (any, error) { return firstThat(true, args), nil },
		"not":     one(func(v any) any { return !truth(v) }),
		"eq":      func(args ...any) (any, error) { return len(args) == 2 && text(args[0]) == text(args[1]), nil },
		"ne":      func(args ...any) (any, error) { return len(args) == 2 && text(args[0]) != text(args[1]), nil },
		"address": one(func(v any) any { return webAddress(text(v)) }),
	}
}

// firstThat returns the first argument with a truth, or else the last argument.
func firstThat(is bool, args []any) any {
	for _, v := range args {
		if truth(v) == is {
			return v
		}
	}
	if len(args) == 0 {
		return nil
	}
	return args[len(args)-1]
}

func one(f func(any) any) Func {
	return func(args ...any) (any, error) {
		if len(args) != 1 {
			return nil, fmt.Errorf("got %d arguments, want 1", len(args))
		}
		return f(args[0]), nil
	}
}

// webAddress returns an address for href, src and action. One that is neither a path nor of
// http or https, such as javascript:, is replaced.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "#"
	}
	return address
}
