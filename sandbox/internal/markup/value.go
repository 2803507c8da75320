package markup

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// pipe evaluates the expression of an action and declares its variable.
func (r *renderer) pipe(dot any, p *parse.PipeNode) (any, error) {
	value, err := r.evaluate(dot, p)
	if err == nil && p != nil {
		for _, v := range p.Decl {
			r.declare(v, value)
		}
	}
	return value, err
}

func (r *renderer) evaluate(dot any, p *parse.PipeNode) (any, error) {
	if p == nil {
		return nil, nil // a template without data
	}
	if len(p.Cmds) != 1 || p.IsAssign {
		return nil, fmt.Errorf("%s is not supported", p)
	}
	words := p.Cmds[0].Args
	name, isCall := words[0].(*parse.IdentifierNode)
	if !isCall {
		if len(words) != 1 {
			return nil, fmt.Errorf("%s: methods are not supported", p)
		}
		return r.operand(dot, words[0])
	}
	var args []any
	for _, word := range words[1:] {
		arg, err := r.operand(dot, word)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	value, err := r.set.funcs[name.Ident](args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	return value, nil
}

func (r *renderer) operand(dot any, n parse.Node) (any, error) {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot, nil
	case *parse.FieldNode:
		return fields(dot, n.Ident)
	case *parse.VariableNode:
		for _, v := range slices.Backward(r.vars) {
			if v.name == n.Ident[0] {
				return fields(v.value, n.Ident[1:])
			}
		}
	case *parse.PipeNode:
		return r.evaluate(dot, n)
	case *parse.StringNode:
		return n.Text, nil
	case *parse.NumberNode:
		return n.Text, nil
	case *parse.BoolNode:
		return n.True, nil
	case *parse.IdentifierNode:
		return r.set.funcs[n.Ident]()
	}
	return nil, fmt.Errorf("%s is not supported", n)
}

// fields follows the names of fields from a value.
func fields(value any, names []string) (any, error) {
	for _, name := range names {
		v := indirect(value)
		if v.Kind() != reflect.Struct {
			return nil, fmt.Errorf("%T has no field %s", value, name)
		}
		field := v.FieldByName(name)
		if !field.IsValid() || !field.CanInterface() {
			return nil, fmt.Errorf("%T has no exported field %s", value, name)
		}
		value = field.Interface()
	}
	return value, nil
}

// indirect returns what a value points to.
func indirect(value any) reflect.Value {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return v
}

// text returns a value as text.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(indirect(value).Interface())
}

// truth reports whether a value is set: not false, zero, nil or empty.
func truth(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return false
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() > 0
	case reflect.Struct:
		return true
	}
	return !v.IsZero()
}

// each returns the keys and elements of a list, or of a map in the order of its keys.
func each(value any) (keys, elements []any, err error) {
	v := indirect(value)
	switch v.Kind() {
	case reflect.Invalid:
		return nil, nil, nil
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			keys = append(keys, i)
			elements = append(elements, v.Index(i).Interface())
		}
		return keys, elements, nil
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			keys = append(keys, name.Interface())
			elements = append(elements, v.MapIndex(name).Interface())
		}
		return keys, elements, nil
	}
	return nil, nil, errors.New("range needs a list or a map")
}
