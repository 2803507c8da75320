package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/statefile"
)

// File is the configuration file: YAML with the keys tenant (the one used when
// none is named), tenants.<name>.<setting>, and serve.<setting>. It keeps
// comments and order over a change.
type File struct {
	path string
	root yaml.Node // a document with one mapping
}

const maxFile = 1 << 20

// Read returns the file; one that does not exist is empty. What it does not
// know or cannot read is a Usage fault that names the line.
func Read(path string) (*File, error) {
	f := &File{path: path}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		raw = nil
	case err != nil:
		return nil, f.broken(0, "cannot be read", err)
	case len(raw) > maxFile:
		return nil, f.broken(0, "is larger than a configuration can be", nil)
	}
	if err := f.parse(raw); err != nil {
		return nil, err
	}
	return f, f.check()
}

func (f *File) parse(raw []byte) error {
	if err := yaml.Unmarshal(raw, &f.root); err != nil {
		return f.broken(0, "is not YAML", err)
	}
	if f.root.Kind == 0 {
		f.root = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	if len(f.root.Content) != 1 || f.root.Content[0].Kind != yaml.MappingNode {
		return f.broken(1, "does not hold settings", nil)
	}
	return nil
}

// check refuses what no table knows, so that a slip of the pen is noticed.
func (f *File) check() error {
	for key, value := range pairs(f.root.Content[0]) {
		switch key.Value {
		case "tenant":
			if err := f.scalar(key, value); err != nil {
				return err
			}
		case "tenants":
			for name, settings := range pairs(value) {
				if !tenantName.MatchString(name.Value) {
					return f.broken(name.Line, fmt.Sprintf("has a tenant called %q; names are lower-case letters, digits and hyphens", name.Value), nil)
				}
				if err := f.checkSection(Client(), settings); err != nil {
					return err
				}
			}
		case "serve":
			if err := f.checkSection(Server(), value); err != nil {
				return err
			}
		default:
			return f.unknown(key, []string{"tenant", "tenants", "serve"})
		}
	}
	return nil
}

func (f *File) checkSection(table []Setting, section *yaml.Node) error {
	var known []string
	for _, row := range table {
		if !row.Secret {
			known = append(known, row.Name)
		}
	}
	for key, value := range pairs(section) {
		if !slices.Contains(known, key.Value) {
			return f.unknown(key, known)
		}
		if err := f.scalar(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) scalar(key, value *yaml.Node) error {
	if value.Kind != yaml.ScalarNode {
		return f.broken(key.Line, key.Value+" is not a single value", nil)
	}
	return nil
}

func (f *File) unknown(key *yaml.Node, known []string) error {
	what := fmt.Sprintf("has no setting called %q", key.Value)
	if near := nearest.To(key.Value, known); near != "" {
		what += "; did you mean " + near + "?"
	}
	return f.broken(key.Line, what, nil)
}

func (f *File) broken(line int, what string, err error) error {
	where := f.path
	if line > 0 {
		where = fmt.Sprintf("%s line %d", f.path, line)
	}
	return &fault.Error{Kind: fault.Usage, What: where + " " + what, Fix: "correct the file, or move it away", Err: err}
}

// pairs iterates over a mapping; of anything else there is nothing.
func pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
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

// lookup walks a dotted path; it makes what is missing if it may.
func (f *File) lookup(path string, make bool) *yaml.Node {
	n := f.root.Content[0]
	for step := range strings.SplitSeq(path, ".") {
		var next *yaml.Node
		for key, value := range pairs(n) {
			if key.Value == step {
				next = value
			}
		}
		if next == nil || next.Kind == yaml.ScalarNode && make {
			if !make {
				return nil
			}
			next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: step}, next)
		}
		n = next
	}
	return n
}

func (f *File) value(section, name string) (text string, line int, ok bool) {
	for key, value := range pairs(f.lookup(section, false)) {
		if key.Value == name {
			return value.Value, value.Line, true
		}
	}
	return "", 0, false
}

// Tenants returns the names of the configured tenants.
func (f *File) Tenants() []string {
	var names []string
	for key := range pairs(f.lookup("tenants", false)) {
		names = append(names, key.Value)
	}
	return names
}

// Current returns the tenant that is used when none is named, or an empty
// string.
func (f *File) Current() string {
	for key, value := range pairs(f.root.Content[0]) {
		if key.Value == "tenant" {
			return value.Value
		}
	}
	return ""
}

// Set gives a setting of a section a value. It is checked first.
func (f *File) Set(section, name, value string) error {
	table := Client()
	if section == "serve" {
		table = Server()
	}
	i := slices.IndexFunc(table, func(row Setting) bool { return row.Name == name })
	if i < 0 || table[i].Secret {
		return f.unknown(&yaml.Node{Value: name}, names(table))
	}
	if check := table[i].Check; check != nil {
		if err := check(value); err != nil {
			return &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%s %v", name, err), Fix: table[i].Help, Err: err}
		}
	}
	put(f.lookup(section, true), name, value)
	return nil
}

func names(table []Setting) []string {
	var all []string
	for _, row := range table {
		if !row.Secret {
			all = append(all, row.Name)
		}
	}
	return all
}

func put(mapping *yaml.Node, name, value string) {
	for key, old := range pairs(mapping) {
		if key.Value == name {
			old.SetString(value)
			return
		}
	}
	scalar := &yaml.Node{}
	scalar.SetString(value)
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, scalar)
}

// Use makes a tenant the one that is used when none is named.
func (f *File) Use(tenant string) error {
	if !slices.Contains(f.Tenants(), tenant) {
		return noTenant(tenant, f.Tenants())
	}
	put(f.root.Content[0], "tenant", tenant)
	return nil
}

// Update changes the file: it is read, changed and replaced under a lock, so
// that two processes lose nothing of each other's. A change that fails leaves
// the file as it was.
func Update(path string, change func(*File) error) error {
	cannot := func(err error) error {
		return &fault.Error{Kind: fault.Usage, What: "cannot write " + path, Fix: "make it writable, or name another one with --config", Err: err}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return cannot(err)
	}
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return cannot(err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end unlocks too
	f, err := Read(path)
	if err != nil {
		return err
	}
	if err := change(f); err != nil {
		return err
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&f.root); err != nil {
		return cannot(err)
	}
	if err := statefile.Write(path, out.Bytes()); err != nil {
		return cannot(err)
	}
	return nil
}

var tenantName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Writable says whether others than the owner could have written the file, who
// then chose the tenant. Windows has no such bits.
func Writable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0
}
