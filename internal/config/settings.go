package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// value is the value of a setting and where it comes from.
type value struct {
	text   string
	origin string // "flag --graph", "environment GRAPH_API_ENDPOINT", a file and line, or "default"
	source precedence
}

// precedence orders the sources of values.
type precedence int

// The sources of values in falling precedence.
const (
	fromFlag precedence = iota
	fromEnvironment
	fromFile
	fromPlatform
	fromDefault
)

// Settings holds the values of a table. They do not change.
type Settings struct {
	table   []Setting
	values  map[string]value
	ignored []Ignored
}

// Ignored is a variable of the platform whose value is not valid.
type Ignored struct {
	Setting  string // that the variable would set
	Variable string
	Reason   string // as words that follow the name of the variable: "must be …"
}

// Source holds what Load reads, in falling precedence: Flags, Getenv, File, the
// platform's variables in Getenv, and the defaults of Table.
type Source struct {
	Table   []Setting
	Section string            // of the file: "tenants.contoso" or "serve"
	Flags   map[string]string // by setting; only the flags that were given
	Getenv  func(string) string
	File    *File  // nil for no file
	Fix     string // the fix of an invalid value
}

// Load returns the settings, or one Usage fault that names all invalid values. The
// platform's variables are not the operator's: if one of them is invalid, Load
// continues without it, and Ignored returns it.
func Load(s Source) (Settings, error) {
	settings := Settings{table: s.Table, values: map[string]value{}}
	var invalid []string
	for _, setting := range s.Table {
		v, ignored := s.find(setting)
		settings.values[setting.Name] = v
		settings.ignored = append(settings.ignored, ignored...)
		if v.text == "" || setting.Check == nil {
			continue
		}
		if err := setting.Check(v.text); err != nil {
			invalid = append(invalid, fmt.Sprintf("%s (%s) %v", setting.Name, v.origin, err))
		}
	}
	if len(invalid) > 0 {
		return Settings{}, &fault.Error{
			Kind: fault.Usage,
			What: strings.Join(invalid, "; "),
			Fix:  s.Fix,
		}
	}
	return settings, nil
}

// find returns the value of a setting from the first source that has it, and the
// variables of the platform that it ignores.
func (s Source) find(setting Setting) (found value, ignored []Ignored) {
	if text, given := s.Flags[setting.Name]; given {
		return value{text, "flag --" + setting.Name, fromFlag}, nil
	}
	for _, name := range setting.Env {
		if text := s.variable(name); text != "" && !isPlatform(name) {
			return value{text, "environment " + name, fromEnvironment}, nil
		}
	}
	if s.File != nil {
		if text, line, ok := s.File.value(s.Section, setting.Name); ok {
			return value{text, fmt.Sprintf("%s line %d", s.File.path, line), fromFile}, nil
		}
	}
	for _, name := range setting.Env {
		text := s.variable(name)
		if text == "" || !isPlatform(name) {
			continue
		}
		if setting.Check != nil {
			if err := setting.Check(text); err != nil {
				ignored = append(ignored, Ignored{setting.Name, name, err.Error()})
				continue
			}
		}
		return value{text, "environment " + name, fromPlatform}, ignored
	}
	return value{setting.Default, "default", fromDefault}, ignored
}

// variable returns the value of an environment variable without the byte-order mark
// and the line end that files of variables leave in it.
func (s Source) variable(name string) string { return trimLine(s.Getenv(name)) }

// isPlatform reports whether platforms inject a variable into every program, for
// example the workload identity of Kubernetes and the operator of OpenTelemetry.
func isPlatform(variable string) bool {
	return strings.HasPrefix(variable, "AZURE_") || strings.HasPrefix(variable, "OTEL_")
}

// trimLine returns text without a UTF-8 byte-order mark at its start and without
// the line ends at its end, which editors and shells add.
func trimLine(text string) string {
	return strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), "\r\n")
}

// Named is a setting with its value and origin, as `config list` prints it.
type Named struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
	Help   string `json:"help"`
}

// All returns the settings in the order of the table. Secrets are hidden.
func (s Settings) All() []Named {
	var all []Named
	for _, setting := range s.table {
		v := s.values[setting.Name]
		if setting.Secret && v.text != "" {
			v.text = hidden
		}
		all = append(all, Named{
			Name:   setting.Name,
			Value:  v.text,
			Origin: v.origin,
			Help:   setting.Help,
		})
	}
	return all
}

// Text returns the value of a setting, or an empty string.
func (s Settings) Text(name string) string { return s.values[name].text }

// Origin returns where the value of a setting comes from, such as "flag --graph" or
// "default".
func (s Settings) Origin(name string) string { return s.values[name].origin }

// Configured reports whether a setting has a value that is not its default.
func (s Settings) Configured(name string) bool { return s.values[name].source != fromDefault }

// FromPlatform reports whether the value of a setting comes from a variable that the
// platform injects.
func (s Settings) FromPlatform(name string) bool { return s.values[name].source == fromPlatform }

// Changes returns the names of the settings that have another value in next: those that
// a running service can use at once, and those that need a restart.
func (s Settings) Changes(next Settings) (live, restart []string) {
	for _, row := range s.table {
		switch {
		case s.Text(row.Name) == next.Text(row.Name):
		case row.Live:
			live = append(live, row.Name)
		default:
			restart = append(restart, row.Name)
		}
	}
	return live, restart
}

// Ignored returns the variables of the platform whose values are not valid.
func (s Settings) Ignored() []Ignored { return s.ignored }

// Secret returns the value of a setting that must not be shown.
func (s Settings) Secret(name string) Secret { return Secret(s.values[name].text) }

// List returns the values of a setting that holds a comma-separated list.
func (s Settings) List(name string) []string {
	var list []string
	for item := range strings.SplitSeq(s.values[name].text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// Int returns the value of a setting whose Check accepts only numbers.
func (s Settings) Int(name string) int {
	n, _ := strconv.Atoi(s.values[name].text)
	return n
}

// Bool returns the value of a setting whose Check accepts only booleans.
func (s Settings) Bool(name string) bool {
	b, _ := strconv.ParseBool(s.values[name].text)
	return b
}

// Date returns the value of a setting whose Check accepts only dates and times. A date
// is its first moment in UTC.
func (s Settings) Date(name string) time.Time {
	text := s.values[name].text
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t
	}
	t, _ := time.Parse(time.DateOnly, text)
	return t
}

// Duration returns the value of a setting whose Check accepts only durations.
func (s Settings) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.values[name].text)
	return d
}

// OneOf returns which of several alternative settings has a value, or an empty
// string if none has. A value from a source of higher precedence hides the others.
// Two values from the same source are a Usage fault, except that of several values of
// the platform, the first in the order of names counts.
func (s Settings) OneOf(names ...string) (string, error) {
	found := ""
	for _, name := range names {
		switch v := s.values[name]; {
		case v.text == "":
		case found == "" || v.source < s.values[found].source:
			found = name
		case v.source == s.values[found].source && v.source != fromPlatform:
			first := s.values[found].origin
			return "", &fault.Error{
				Kind: fault.Usage,
				What: fmt.Sprintf("both %s (%s) and %s (%s) are configured", found, first, name, v.origin),
				Fix:  "keep one of them",
			}
		}
	}
	return found, nil
}

// Need returns a Usage fault that names the settings without a value, or nil.
func (s Settings) Need(fix string, names ...string) error {
	var missing []string
	for _, name := range names {
		if s.values[name].text == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	verb := " is"
	if len(missing) > 1 {
		verb = " are"
	}
	what := strings.Join(missing, " and ") + verb + " not configured"
	for _, i := range s.ignored {
		if slices.Contains(missing, i.Setting) {
			what += fmt.Sprintf("; %s, which the environment has, %s", i.Variable, i.Reason)
		}
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  fix,
	}
}
