package serveconfig

import (
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
)

// Flags are the flags of the settings of the mid-tier. Secrets have none.
type Flags struct{ set *pflag.FlagSet }

// Bind makes a flag for every setting whose name is not taken.
func (s *Flags) Bind(f *pflag.FlagSet, taken map[string]bool) {
	s.set = f
	for _, row := range config.Server() {
		if row.Secret || taken[row.Name] {
			continue
		}
		flag := f.VarPF(&settingValue{text: row.Default, kind: row.Value}, row.Name, "", row.Help)
		if row.Value == "bool" {
			flag.NoOptDefVal = "true"
		}
		flag.Annotations = map[string][]string{command.SettingFlag: nil}
	}
}

// settingValue is the value of a flag that package config checks.
type settingValue struct {
	text string
	kind string // shown in the help
}

// Set stores the value (pflag.Value). A list can also be given one value at a time.
func (v *settingValue) Set(text string) error {
	if v.kind == "list" && v.text != "" {
		text = v.text + "," + text
	}
	v.text = text
	return nil
}

// String returns the value (pflag.Value).
func (v *settingValue) String() string { return v.text }

// Type returns what the help calls the value (pflag.Value).
func (v *settingValue) Type() string { return v.kind }

// Given returns the settings on the command line.
func (s *Flags) Given() map[string]string {
	given := map[string]string{}
	for _, row := range config.Server() {
		if f := s.set.Lookup(row.Name); f != nil && f.Changed {
			given[row.Name] = f.Value.String()
		}
	}
	return given
}
