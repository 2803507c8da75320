package config

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Unset removes a setting from a section, so that its default applies again. It
// reports whether the section had it. An unknown setting is a Usage fault.
func (f *File) Unset(section, name string) (bool, error) {
	table := tableOf(section)
	if !slices.Contains(names(table), name) {
		return false, f.unknown(&yaml.Node{Value: name}, names(table))
	}
	return drop(f.lookup(section, false), name), nil
}

// Delete removes a tenant with all its settings. If it was the current one, there
// is no current tenant afterwards. A tenant that the file does not have is a Usage
// fault.
func (f *File) Delete(tenant string) error {
	if !slices.Contains(f.Tenants(), tenant) {
		return noTenant(tenant, f.Tenants())
	}
	if f.Current() == tenant {
		drop(f.root.Content[0], "tenant")
	}
	drop(f.lookup("tenants", false), tenant)
	return nil
}

// Value returns the value of a setting in a section of the file, and whether the
// section has it.
func (f *File) Value(section, name string) (string, bool) {
	text, _, ok := f.value(section, name)
	return text, ok
}

// Configured reports whether a setting has a value that is not its default.
func (s Settings) Configured(name string) bool { return s.values[name].source != fromDefault }

// tableOf returns the table of a section.
func tableOf(section string) []Setting {
	if section == "serve" {
		return Server()
	}
	return Client()
}

// drop removes a key from a mapping and reports whether it was there.
func drop(mapping *yaml.Node, name string) bool {
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
