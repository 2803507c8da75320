package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Secret is a value that must not be shown. However it is printed, logged or
// marshaled, it says "[secret]".
type Secret string

const hidden = "[secret]"

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret from JSON, YAML and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Value is a setting's value and where it came from: "flag --graph",
// "environment GRAPH_API_ENDPOINT", the file with its line, or "default".
type Value struct {
	Text   string
	Origin string
	source int // the lower, the stronger
}

// The sources of values, in falling precedence.
const (
	fromFlag = iota
	fromEnvironment
	fromFile
	fromDefault
)

// Settings are the values of one table. They do not change.
type Settings struct {
	table  []Setting
	values map[string]Value
}

// Source is where Load looks, in falling precedence: Flags, Getenv, File, the
// table's defaults.
type Source struct {
	Table   []Setting
	Section string            // of the file: "tenants.contoso" or "serve"
	Flags   map[string]string // by setting; only those given
	Getenv  func(string) string
	File    *File
	Fix     string // what to do about a wrong value; a fault says it
}

// Load returns the settings, or one Usage fault with everything that is wrong.
func Load(s Source) (Settings, error) {
	settings := Settings{table: s.Table, values: map[string]Value{}}
	var wrong []string
	for _, row := range s.Table {
		v := s.find(row)
		settings.values[row.Name] = v
		if v.Text == "" || row.Check == nil {
			continue
		}
		if err := row.Check(v.Text); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s (%s) %v", row.Name, v.Origin, err))
		}
	}
	if len(wrong) > 0 {
		return Settings{}, &fault.Error{
			Kind: fault.Usage, What: strings.Join(wrong, "; "), Fix: s.Fix,
		}
	}
	return settings, nil
}

// find takes a setting from the first source that has it.
func (s Source) find(row Setting) Value {
	if text, given := s.Flags[row.Name]; given {
		return Value{text, "flag --" + row.Name, fromFlag}
	}
	for _, name := range row.Env {
		if text := s.Getenv(name); text != "" {
			return Value{text, "environment " + name, fromEnvironment}
		}
	}
	if s.File != nil {
		if text, line, ok := s.File.value(s.Section, row.Name); ok {
			return Value{text, fmt.Sprintf("%s line %d", s.File.path, line), fromFile}
		}
	}
	return Value{row.Default, "default", fromDefault}
}

// All returns the settings in the order of the table; secrets are hidden.
func (s Settings) All() []Named {
	var all []Named
	for _, row := range s.table {
		v := s.values[row.Name]
		if row.Secret && v.Text != "" {
			v.Text = hidden
		}
		all = append(all, Named{Name: row.Name, Value: v.Text, Origin: v.Origin, Help: row.Help})
	}
	return all
}

// Named is one setting as `config list` shows it.
type Named struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
	Help   string `json:"help"`
}

// Text returns a setting's text, or an empty string.
func (s Settings) Text(name string) string { return s.values[name].Text }

// Origin says where a setting's value came from.
func (s Settings) Origin(name string) string { return s.values[name].Origin }

// Secret returns a setting that must not be shown.
func (s Settings) Secret(name string) Secret { return Secret(s.values[name].Text) }

// Int returns a number; Load has checked that it is one.
func (s Settings) Int(name string) int {
	n, _ := strconv.Atoi(s.values[name].Text)
	return n
}

// Bool returns a truth value; Load has checked that it is one.
func (s Settings) Bool(name string) bool {
	b, _ := strconv.ParseBool(s.values[name].Text)
	return b
}

// Duration returns a time; Load has checked that it is one.
func (s Settings) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.values[name].Text)
	return d
}

// OneOf returns which of several settings, of which one is wanted, has a value;
// an empty string for none. One from a stronger source hides the others; two
// from the same source are a Usage fault.
func (s Settings) OneOf(names ...string) (string, error) {
	found := ""
	for _, name := range names {
		switch v := s.values[name]; {
		case v.Text == "":
		case found == "" || v.source < s.values[found].source:
			found = name
		case v.source == s.values[found].source:
			return "", &fault.Error{
				Kind: fault.Usage, What: fmt.Sprintf("both %s (%s) and %s (%s) are configured", found, s.values[found].Origin, name, v.Origin),
				Fix: "keep one of them",
			}
		}
	}
	return found, nil
}

// Need returns a Usage fault that names the settings without a value, or nil.
func (s Settings) Need(fix string, names ...string) error {
	var missing []string
	for _, name := range names {
		if s.values[name].Text == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Usage, What: strings.Join(missing, " and ") + " not configured", Fix: fix}
}
