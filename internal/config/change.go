package config

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Update changes the file at path. It reads the file, calls change and replaces the
// file under a lock, so that no process loses the change of another one. If change
// fails, the file stays as it was. A symbolic link stays one. Update waits for the lock
// until ctx is done.
func Update(ctx context.Context, path string, change func(*File) error) error {
	unlock, err := statefile.Lock(ctx, path)
	switch {
	case ctx.Err() != nil && err != nil:
		return err
	case err != nil:
		return cannotWrite(statefile.LockPath(path), err)
	}
	defer unlock()
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
		return cannotWrite(path, err)
	}
	if err := statefile.Write(path, out.Bytes()); err != nil {
		return cannotWrite(path, err)
	}
	return nil
}

func cannotWrite(path string, err error) error {
	what, fix := statefile.Explain("cannot write "+path, "make it writable", path, err)
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  fix + ", or use another configuration file",
		Err:  err,
	}
}

// Set sets a setting of a section. The path of a file is made absolute, because commands run
// in other directories. An unknown setting and an invalid value are Usage faults.
func (f *File) Set(section, name, value string) error {
	table := tableOf(section)
	if known := fileNames(table); !slices.Contains(known, name) {
		return Unknown(name, known)
	}
	row := lookup(table, name)
	if err := check(row, value); err != nil {
		return err
	}
	if row.Value == "file" {
		absolute, err := filepath.Abs(value)
		if err != nil {
			return fmt.Errorf("find the working directory: %w", err)
		}
		value = absolute
	}
	put(f.addSection(section), name, value)
	return nil
}

// Unknown returns the Usage fault of a name that is none of the settings.
func Unknown(name string, settings []string) error {
	what := fmt.Sprintf("unknown setting %q", name)
	if near := nearest.To(name, settings); near != "" {
		return &fault.Error{Kind: fault.Usage, What: what, Fix: "did you mean " + near + "?"}
	}
	return &fault.Error{Kind: fault.Usage, What: what, Next: fault.DoCheckSettings}
}

// Check returns the Usage fault of a value that a setting of a tenant cannot have.
func Check(name, value string) error { return check(lookup(Client(), name), value) }

func check(setting Setting, value string) error {
	if setting.Check == nil {
		return nil
	}
	err := setting.Check(value)
	if err == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("%s %v", setting.Name, err),
		Fix:  "enter a valid value: " + setting.Help,
		Err:  err,
	}
}

// addSection returns the mapping of a section and adds it if it is missing.
func (f *File) addSection(path string) *yaml.Node {
	n := f.settings()
	for step := range strings.SplitSeq(path, ".") {
		next := child(n, step)
		if next == nil {
			next = &yaml.Node{}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: step}, next)
		}
		if next.Kind != yaml.MappingNode { // new, or a key without a value
			next.Kind, next.Tag, next.Value, next.Content = yaml.MappingNode, "!!map", "", nil
		}
		n = next
	}
	return n
}

// put sets the value of a key of a mapping.
func put(mapping *yaml.Node, name, value string) {
	if old := child(mapping, name); old != nil {
		old.SetString(value)
		return
	}
	scalar := &yaml.Node{}
	scalar.SetString(value)
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, scalar)
}

// Unset removes a setting from a section, so that its default applies again. It
// reports whether the section had it. An unknown setting is a Usage fault.
func (f *File) Unset(section, name string) (bool, error) {
	known := fileNames(tableOf(section))
	if !slices.Contains(known, name) {
		return false, Unknown(name, known)
	}
	return remove(f.section(section), name), nil
}

// Use makes a tenant the current one. A tenant that the file does not have is a
// Usage fault.
func (f *File) Use(tenant string) error {
	if _, err := f.checkTenant(tenant); err != nil {
		return err
	}
	put(f.settings(), "tenant", tenant)
	return nil
}

// Delete removes a tenant with all its settings. If it was the current one, there
// is no current tenant afterwards. A tenant that the file does not have is a Usage
// fault.
func (f *File) Delete(tenant string) error {
	if _, err := f.checkTenant(tenant); err != nil {
		return err
	}
	if f.Current() == tenant {
		remove(f.settings(), "tenant")
	}
	remove(f.section("tenants"), tenant)
	return nil
}

// remove removes a key from a mapping and reports whether it was there.
func remove(mapping *yaml.Node, name string) bool {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return true
		}
	}
	return false
}
