package config

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/statefile"
)

// File is the configuration file: YAML with the keys tenant (the current tenant),
// tenants.<name>.<setting> and serve.<setting>. A section is a dotted path to a
// mapping: "tenants.contoso" or "serve". Changes keep the comments and the order.
type File struct {
	path string
	root yaml.Node // a document that holds one mapping
}

const maxFile = 1 << 20

// Read returns the file at path. A file that does not exist is empty. A file that
// cannot be read, and one with an unknown key, is a Usage fault that names the line.
func Read(path string) (*File, error) {
	f := &File{path: path}
	raw, err := statefile.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		raw = nil
	case err != nil:
		what, fix := statefile.Explain("cannot be read", "make it readable, or move it away", path, err)
		return nil, &fault.Error{Kind: fault.Usage, What: path + " " + what, Fix: fix, Err: err}
	case len(raw) > maxFile:
		return nil, f.broken(0, "is too large for a configuration file", nil)
	}
	if err := f.parse(raw); err != nil {
		return nil, err
	}
	return f, f.check()
}

// settings returns the mapping of the file, or nil for the zero File.
func (f *File) settings() *yaml.Node {
	if len(f.root.Content) == 0 {
		return nil
	}
	return f.root.Content[0]
}

func (f *File) parse(raw []byte) error {
	if err := yaml.Unmarshal(raw, &f.root); err != nil {
		return f.broken(0, "is not valid YAML", err)
	}
	if f.root.Kind == 0 {
		f.root = yaml.Node{
			Kind:    yaml.DocumentNode,
			Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}},
		}
	}
	if len(f.root.Content) != 1 || f.root.Content[0].Kind != yaml.MappingNode {
		return f.broken(1, "does not hold settings", nil)
	}
	return nil
}

// check rejects unknown keys, so that a misspelled one is noticed.
func (f *File) check() error {
	if err := f.checkKeys(f.settings()); err != nil {
		return err
	}
	for key, value := range pairs(f.settings()) {
		var err error
		switch key.Value {
		case "tenant":
			err = f.checkScalar(key, value)
		case "tenants":
			err = f.checkTenants(value)
		case serveSection:
			err = f.checkSection(Server(), value)
		default:
			err = f.unknown(key, []string{"tenant", "tenants", serveSection})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkKeys rejects a key that a mapping has twice: which one counts could not be seen.
func (f *File) checkKeys(mapping *yaml.Node) error {
	seen := map[string]bool{}
	for key := range pairs(mapping) {
		if seen[key.Value] {
			return f.broken(key.Line, fmt.Sprintf("has %q a second time", key.Value), nil)
		}
		seen[key.Value] = true
	}
	return nil
}

func (f *File) checkTenants(tenants *yaml.Node) error {
	if err := f.checkKeys(tenants); err != nil {
		return err
	}
	for name, settings := range pairs(tenants) {
		if !ValidTenantName(name.Value) {
			what := fmt.Sprintf("has a tenant called %q; names are %s", name.Value, TenantNameRule)
			return f.broken(name.Line, what, nil)
		}
		if err := f.checkSection(Client(), settings); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) checkSection(table []Setting, section *yaml.Node) error {
	if err := f.checkKeys(section); err != nil {
		return err
	}
	known := fileNames(table)
	for key, value := range pairs(section) {
		if !slices.Contains(known, key.Value) {
			return f.unknown(key, known)
		}
		if err := f.checkScalar(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) checkScalar(key, value *yaml.Node) error {
	if value.Kind != yaml.ScalarNode {
		return f.broken(key.Line, key.Value+" must be a single value", nil)
	}
	return nil
}

// unknown returns the fault of an unknown key and suggests a similar one.
func (f *File) unknown(key *yaml.Node, known []string) error {
	what := fmt.Sprintf("has no setting called %q", key.Value)
	if near := nearest.To(key.Value, known); near != "" {
		what += "; did you mean " + near + "?"
	}
	return f.broken(key.Line, what, nil)
}

// broken returns a Usage fault about the file, or about a line of it if line is not
// 0.
func (f *File) broken(line int, what string, err error) error {
	where := f.path
	if line > 0 {
		where = fmt.Sprintf("%s line %d", f.path, line)
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: where + " " + what,
		Fix:  "correct the file, or move it away",
		Err:  err,
	}
}

// pairs iterates over the keys and values of a mapping. It yields nothing for other
// nodes and for nil.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// child returns the value of a key of a mapping, or nil.
func child(mapping *yaml.Node, name string) *yaml.Node {
	var found *yaml.Node
	for key, value := range pairs(mapping) {
		if key.Value == name {
			found = value
		}
	}
	return found
}

// section returns the mapping of a section, or nil.
func (f *File) section(path string) *yaml.Node {
	n := f.settings()
	for step := range strings.SplitSeq(path, ".") {
		n = child(n, step)
	}
	return n
}

// value returns a setting of the file and its line.
func (f *File) value(section, name string) (text string, line int, ok bool) {
	if n := child(f.section(section), name); n != nil {
		return n.Value, n.Line, true
	}
	return "", 0, false
}

// Value returns a setting of a section and reports whether the section has it.
func (f *File) Value(section, name string) (string, bool) {
	text, _, ok := f.value(section, name)
	return text, ok
}

// Tenants returns the names of the configured tenants in the order of the file.
func (f *File) Tenants() []string {
	var names []string
	for key := range pairs(f.section("tenants")) {
		names = append(names, key.Value)
	}
	return names
}

// Current returns the tenant that is used if none is named, or an empty string.
func (f *File) Current() string {
	if n := child(f.settings(), "tenant"); n != nil {
		return n.Value
	}
	return ""
}

// WritableByOthers reports whether users other than the owner can change the file
// and so choose the tenant. It returns false if the mode of the file means nothing, as
// on Windows and on its drives in WSL.
func WritableByOthers(path string) bool {
	const write = 0o022
	return statefile.OthersMay(write, path)
}
