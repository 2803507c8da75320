// Package attributes reads the file with which an operator lists the custom attributes
// of a tenant (learn.microsoft.com, "Collect custom user attributes during sign-up"):
//
//	attributes:
//	  - name: extension_0123456789abcdef0123456789abcdef_LoyaltyNumber
//	    label: Loyalty number
//	    type: string     # string, boolean, integer, choice, choices
//	    max: 20          # characters
//	    edit: true       # default false: users can only see the value
//	    clear: true      # default false: users can replace the value, not remove it
//
// The file is strict YAML: one document, no unknown or repeated keys, no anchors, aliases
// or tags, and no value of another type. The result is a profile.Schema, whose rules
// apply to the command line and to the mid-tier alike.
package attributes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// maxFile is the size limit of a file in bytes: a hundred attributes with a hundred long
// choices each have less.
const maxFile = 4 << 20

// Read returns the schema of the built-in fields and of the attributes that the file at
// path lists, in this order. A file that cannot be used is a Usage fault that names the
// file, the line and the key.
func Read(path string) (profile.Schema, error) {
	file, err := os.Open(path)
	if err != nil {
		return profile.Schema{}, unreadable(path, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return profile.Schema{}, unreadable(path, err)
	}
	return Parse(filepath.Base(path), raw)
}

func unreadable(path string, err error) error {
	if cause, ok := errors.AsType[*os.PathError](err); ok {
		err = cause.Err // the path is in the words already
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("the attributes file %s cannot be read: %v", path, err),
		Fix:  "correct the file, or the setting that names it",
		Err:  err,
	}
}

// Parse is Read for the content of a file. The name is what errors call the file.
func Parse(name string, raw []byte) (profile.Schema, error) {
	f := file{name: name}
	list, err := f.list(raw)
	if err != nil {
		return profile.Schema{}, err
	}
	schema := profile.BuiltIn()
	for _, node := range list.Content {
		field, err := f.attribute(node)
		if err != nil {
			return profile.Schema{}, err
		}
		next, err := schema.With(field)
		if err != nil {
			what := fault.As(err)
			return profile.Schema{}, f.wrong(node, what.What, what.Fix)
		}
		schema = next
	}
	return schema, nil
}

// file is the file that is being read.
type file struct{ name string }

// list returns the node with the list of attributes.
func (f file) list(raw []byte) (*yaml.Node, error) {
	const example = "list the attributes under the key attributes"
	if len(raw) > maxFile {
		return nil, f.broken(fmt.Sprintf("has more than %d MiB", maxFile>>20), "list fewer attributes", nil)
	}
	var document yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(raw))
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, f.broken("lists no attributes", example, nil)
	case err != nil:
		return nil, f.broken("is not valid YAML", "correct its syntax", err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, f.broken("holds more than one YAML document", "keep one document", err)
	}
	root := document.Content[0]
	keys, err := f.keys(root, "attributes")
	if err != nil {
		return nil, err
	}
	list := keys["attributes"]
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, f.wrong(root, "attributes is not a list with at least one attribute", example)
	}
	return list, f.plain(list)
}

// broken returns the fault of a file as a whole.
func (f file) broken(what, fix string, err error) error {
	return &fault.Error{Kind: fault.Usage, What: f.name + " " + what, Fix: fix, Err: err}
}

// wrong returns the fault of a node.
func (f file) wrong(node *yaml.Node, what, fix string) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("%s line %d: %s", f.name, node.Line, what),
		Fix:  fix,
	}
}
