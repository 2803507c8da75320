package doctorcmd

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/bundle"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
)

// bundledCheck is a check in the bundle. The fix is left out, because its commands name
// tenants and accounts; the id and the status lead to it.
type bundledCheck struct {
	ID     string        `json:"id"`
	Status doctor.Status `json:"status"`
	Seen   string        `json:"seen"`
}

// bundledSystem describes the program and the machine.
type bundledSystem struct {
	command.Build
	Store       string `json:"store"`
	Interactive bool   `json:"interactive"`
	SSH         bool   `json:"ssh"`
	WSL         bool   `json:"wsl"`
	Container   bool   `json:"container"`
	Display     bool   `json:"display"`
	Tenants     int    `json:"tenants"` // in the configuration file
}

// bundledSetting is a setting in the bundle. Only values that identify nothing are shown.
type bundledSetting struct {
	Name   string `json:"name"`
	Set    bool   `json:"set"`
	Value  string `json:"value,omitempty"`
	Origin string `json:"origin"`
}

// writeBundle lists what the bundle holds and writes it, if the user agrees.
func (s *examination) writeBundle(ctx context.Context, o options, results []doctor.Result) error {
	files, err := s.bundle(o, results)
	if err != nil {
		return err
	}
	text := "The bundle " + o.Bundle + " holds, without secrets, names and identifiers:\n\n"
	for _, f := range files {
		text += fmt.Sprintf("  %-20s %6d bytes  %s\n", f.Name, len(f.Content), f.Holds)
	}
	_, _ = fmt.Fprintln(s.Env.Stderr, text)
	if !o.Yes {
		if !s.Facts.Interactive {
			return &fault.Error{
				Kind: fault.Usage,
				What: "without a terminal, the bundle is written only with --yes",
				Fix:  "add --yes",
			}
		}
		if err := s.Env.Confirm(ctx, s.Facts, "Write the bundle?"); err != nil {
			return err
		}
	}
	if err := bundle.Write(o.Bundle, files); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(s.Env.Stderr, "Written to %s. Read it before you send it.\n", o.Bundle)
	return nil
}

func (s *examination) bundle(o options, results []doctor.Result) ([]bundle.File, error) {
	file, err := config.Read(s.Globals.ConfigFile(s.Paths))
	if err != nil { // one of the checks reports it
		file = &config.File{}
	}
	redactor := s.redactor(file, results)
	checks := []bundledCheck{}
	for _, r := range results {
		checks = append(checks, bundledCheck{r.ID, r.Status, redactor.Text(r.Seen)})
	}
	system := bundledSystem{
		Build:       command.ThisBuild(),
		Store:       "none",
		Interactive: s.Facts.Interactive,
		SSH:         s.Facts.SSH,
		WSL:         s.Facts.WSL,
		Container:   s.Facts.Container,
		Display:     s.Facts.Display,
		Tenants:     len(file.Tenants()),
	}
	if s.Store != nil {
		system.Store = s.Store.Kind()
	}
	settings := s.Settings
	if o.Serve {
		settings, _ = serveconfig.Load(s.Env, s.Globals, o.Settings) // invalid ones are in the checks
	}
	var files []bundle.File
	for _, f := range []struct {
		name, holds string
		value       any
	}{
		{"checks.json", "the results of the checks", checks},
		{"system.json", "version, platform, terminal, kind of token store", system},
		{"settings.json", "which settings are set, and where", bundledSettings(settings)},
		{"environment.json", "the names of known variables that are set", s.knownVariables()},
	} {
		part, err := bundle.JSON(f.name, f.holds, f.value)
		if err != nil {
			return nil, err
		}
		files = append(files, part)
	}
	return files, nil
}

// redactor returns a redactor that knows the values of the configuration and of the
// environment.
func (s *examination) redactor(file *config.File, results []doctor.Result) *bundle.Redactor {
	var known, harmless []string
	for _, tenant := range file.Tenants() {
		known = append(known, tenant)
		for _, row := range config.Client() {
			if value, ok := file.Value("tenants."+tenant, row.Name); ok && !isHarmless(row.Name) {
				known = append(known, value)
			}
		}
	}
	for _, entry := range s.Env.Environ() {
		_, value, _ := strings.Cut(entry, "=")
		known = append(known, value)
	}
	if s.Auth != nil {
		known = append(known, s.Usernames().Names()...)
	}
	for _, r := range results {
		harmless = append(harmless, r.ID)
	}
	harmless = append(harmless, "keyring", "file", "memory", "environment", "default")
	return bundle.NewRedactor(known, harmless)
}

// isHarmless reports whether the value of a setting identifies nothing.
func isHarmless(setting string) bool {
	return slices.Contains([]string{
		"store", "history", "redirect-port", "timeout", "rate", "max-age", "drain-delay",
		"behind-proxy", "pprof",
	}, setting)
}

func bundledSettings(settings config.Settings) []bundledSetting {
	all := []bundledSetting{}
	for _, n := range settings.All() {
		origin, _, _ := strings.Cut(settings.Origin(n.Name), " ") // without the name of the file or the variable
		setting := bundledSetting{Name: n.Name, Set: settings.Configured(n.Name), Origin: origin}
		if isHarmless(n.Name) {
			setting.Value = n.Value
		}
		all = append(all, setting)
	}
	return all
}

// bundledVariable is a variable of the environment in the bundle.
type bundledVariable struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"` // only of a variable that describes the terminal
}

// knownVariables returns the variables that the program reads and that are set.
func (s *examination) knownVariables() []bundledVariable {
	names := []string{
		"NO_COLOR", "CLICOLOR_FORCE", "CI", "ACCESSIBLE", "BROWSER", "VISUAL", "EDITOR", "PAGER",
		"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "DISPLAY", "WAYLAND_DISPLAY",
		"DBUS_SESSION_BUS_ADDRESS", "PROFILECTL_CONFIG_DIR", "PROFILECTL_STATE_DIR",
	}
	for _, row := range slices.Concat(config.Client(), config.Server()) {
		names = append(names, row.Env...)
	}
	shown := []string{"TERM", "COLORTERM", "LANG", "LC_ALL"}
	plain := regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,24}$`)
	slices.Sort(names)
	set := []bundledVariable{}
	for _, name := range slices.Concat(shown, slices.Compact(names)) {
		value := s.Env.Getenv(name)
		if value == "" {
			continue
		}
		v := bundledVariable{Name: name}
		if slices.Contains(shown, name) && plain.MatchString(value) {
			v.Value = value
		}
		set = append(set, v)
	}
	return set
}
