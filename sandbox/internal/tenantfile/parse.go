package tenantfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/sandbox/control"
)

// path is the place of a value in a file.
type path string

func (p path) member(name string) path {
	if p == "" {
		return path(name)
	}
	return p + "." + path(name)
}

func (p path) item(i int) path { return path(fmt.Sprintf("%s[%d]", p, i)) }

func (p path) error(n *yaml.Node, problem string) error {
	return &control.FileError{Line: n.Line, Field: string(p), Problem: problem}
}

// Parse reads a file. Its errors are *control.FileError.
func Parse(raw []byte) (*File, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return &File{root: &yaml.Node{Kind: yaml.MappingNode}}, nil
	case err != nil:
		return nil, &control.FileError{Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &control.FileError{Line: max(more.Line, 1), Problem: "there is more than one document"}
	}
	f := &File{root: resolve(document.Content[0])}
	if isNull(f.root) {
		f.root = &yaml.Node{Kind: yaml.MappingNode}
	}
	if err := readFields(f.root, "", f.fields()); err != nil {
		return nil, err
	}
	return f, nil
}

// Encode writes a file.
func Encode(f *File) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(fieldsNode(f.fields())); err != nil {
		return nil, fmt.Errorf("encode tenant: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("encode tenant: %w", err)
	}
	return b.Bytes(), nil
}

// Invalid returns the *control.FileError of a value that breaks a rule. The steps lead to the
// value: names of fields, and indexes of lists. If the value is absent, the line is
// that of the object that lacks it.
func (f *File) Invalid(problem string, steps ...any) error {
	n, at := f.root, path("")
	found := n != nil
	for _, step := range steps {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			at = at.member(step)
			next = member(n, step)
		case int:
			at = at.item(step)
			next = item(n, step)
		}
		if found = found && next != nil; found {
			n = next
		}
	}
	line := 0
	if n != nil {
		line = n.Line
	}
	return &control.FileError{Line: line, Field: string(at), Problem: problem}
}

func member(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

func item(n *yaml.Node, i int) *yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode || i >= len(n.Content) {
		return nil
	}
	return resolve(n.Content[i])
}
