// Package config turns flags, environment variables and a configuration file into
// Settings: one value for each setting, together with its origin.
//
// Two tables define all settings: Client for the commands of a user, and Server for
// the mid-tier. They hold the names in the file and in the environment, the
// defaults, the checks, and the help that `config list` and `serve --help` print.
// An invalid value is a fault and never replaced by a default. One fault names all
// invalid values.
package config

import "slices"

// Setting is a row of a table.
type Setting struct {
	Name string // the key in the file, such as "edit-scope"
	// Env are the variables in falling precedence: profilectl's own, those of
	// Microsoft's sample, and those that platforms inject (AZURE_*, OTEL_*).
	Env     []string
	Default string
	Help    string   // shown as the help of a flag
	Value   string   // the kind of value in help, such as "file" or "time"; "bool" for a flag without a value
	Secret  bool     // never read from the file, never printed
	Live    bool     // serve uses a new value after SIGHUP, without a restart
	OneOf   []string // the values that it can have, if they are a set
	Check   func(string) error
}

// tableOf returns the table of a section of the file.
func tableOf(section string) []Setting {
	if section == serveSection {
		return Server()
	}
	return Client()
}

// fileNames returns the names of the settings that the file may hold.
func fileNames(table []Setting) []string {
	var names []string
	for _, row := range table {
		if !row.Secret {
			names = append(names, row.Name)
		}
	}
	return names
}

// lookup returns the row of a setting, which the table must have.
func lookup(table []Setting, name string) Setting {
	return table[slices.IndexFunc(table, func(s Setting) bool { return s.Name == name })]
}
