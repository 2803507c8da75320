package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
)

// FromEnvironment is the name of a tenant that no file knows: the environment
// describes it.
const FromEnvironment = "environment"

// Which returns the tenant to use: the one named, the file's current one, the
// one that the environment describes, or the only one there is.
func Which(f *File, named string, getenv func(string) string) (string, error) {
	known := f.Tenants()
	switch {
	case named != "":
		if !slices.Contains(known, named) {
			return "", noTenant(named, known)
		}
		return named, nil
	case described(getenv):
		return FromEnvironment, nil
	case f.Current() != "":
		if !slices.Contains(known, f.Current()) {
			return "", noTenant(f.Current(), known)
		}
		return f.Current(), nil
	case len(known) == 1:
		return known[0], nil
	case len(known) > 1:
		return "", &fault.Error{
			Kind: fault.Usage, What: "several tenants are configured and none was named",
			Fix: "name one with --tenant, or choose one with `profilectl config use NAME`: " + strings.Join(known, ", "),
		}
	}
	return "", &fault.Error{
		Kind: fault.Usage, What: "no tenant is configured",
		Fix: "to try profilectl without one, run `profilectl demo`; to use yours, run `profilectl config set --tenant NAME authority SUBDOMAIN` and the same for client-id and edit-scope",
	}
}

// described tells whether the environment names an authority.
func described(getenv func(string) string) bool {
	return slices.ContainsFunc(Client()[0].Env, func(name string) bool { return getenv(name) != "" })
}

func noTenant(name string, known []string) error {
	fix := "configure it with `profilectl config set --tenant " + FitName(name) + " authority SUBDOMAIN`"
	if len(known) > 0 {
		fix = "use one of " + strings.Join(known, ", ") + ", or " + fix
	}
	if near := nearest.To(name, known); near != "" {
		fix = "did you mean " + near + "? Otherwise " + fix
	}
	return &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("no tenant called %q is configured", name), Fix: fix}
}

// FitName returns name if a tenant may be called so, else a stand-in.
func FitName(name string) string {
	if tenantName.MatchString(name) {
		return name
	}
	return "NAME"
}

// Paths are where profilectl keeps its files.
type Paths struct {
	Config string // the configuration file
	State  string // the folder of locks, authorities and the sandbox
}

// LocatePaths returns the paths on an operating system: XDG's on Unix, macOS
// included, and the application data folders on Windows. Relative values are
// passed over, as the XDG specification asks.
func LocatePaths(goos string, getenv func(string) string) (Paths, error) {
	absolute := func(name string) string {
		if v := getenv(name); filepath.IsAbs(v) {
			return v
		}
		return ""
	}
	under := func(base, home, rest string) string {
		if base != "" {
			return base
		}
		if home != "" {
			return filepath.Join(home, rest)
		}
		return ""
	}
	home := absolute("HOME")
	config := under(absolute("XDG_CONFIG_HOME"), home, ".config")
	state := under(absolute("XDG_STATE_HOME"), home, filepath.Join(".local", "state"))
	if goos == "windows" {
		config, state = absolute("AppData"), absolute("LocalAppData")
	}
	if own := absolute("PROFILECTL_CONFIG_DIR"); own != "" {
		config = own
	} else if config != "" {
		config = filepath.Join(config, "profilectl")
	}
	if config == "" || state == "" {
		return Paths{}, &fault.Error{Kind: fault.Usage, What: "there is no home folder to keep the configuration in", Fix: "set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to absolute paths"}
	}
	return Paths{Config: filepath.Join(config, "config.yaml"), State: filepath.Join(state, "profilectl")}, nil
}
