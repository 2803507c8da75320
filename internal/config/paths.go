package config

import (
	"path/filepath"

	"github.com/profilectl/profilectl/internal/fault"
)

// Paths are the locations of profilectl's files.
type Paths struct {
	Config string // the configuration file
	State  string // the directory of locks, authorities and the sandbox
}

// LocatePaths returns the paths on an operating system: those of the XDG Base
// Directory Specification on Unix, macOS included, and the application data
// directories on Windows. PROFILECTL_CONFIG_DIR and PROFILECTL_STATE_DIR override the
// directories of the configuration file and of the state. As the specification
// demands, relative paths are ignored. If there is no home directory, LocatePaths
// returns a Usage fault.
func LocatePaths(goos string, getenv func(string) string) (Paths, error) {
	config, state := baseDirs(goos, getenv)
	config = ownDir(getenv("PROFILECTL_CONFIG_DIR"), config)
	state = ownDir(getenv("PROFILECTL_STATE_DIR"), state)
	if config == "" || state == "" {
		return Paths{}, &fault.Error{
			Kind: fault.Usage,
			What: "there is no home directory for the configuration file",
			Fix:  homeFix(goos),
		}
	}
	return Paths{
		Config: filepath.Join(config, "config.yaml"),
		State:  state,
	}, nil
}

// ownDir returns the directory that the user chose, or else profilectl's directory in
// base. It returns an empty string if both are empty.
func ownDir(chosen, base string) string {
	if dir := absolute(chosen); dir != "" {
		return dir
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "profilectl")
}

// baseDirs returns the directories in which programs keep configuration and state,
// or empty strings.
func baseDirs(goos string, getenv func(string) string) (config, state string) {
	if goos == "windows" {
		return absolute(getenv("AppData")), absolute(getenv("LocalAppData"))
	}
	config, state = absolute(getenv("XDG_CONFIG_HOME")), absolute(getenv("XDG_STATE_HOME"))
	home := absolute(getenv("HOME"))
	if config == "" && home != "" {
		config = filepath.Join(home, ".config")
	}
	if state == "" && home != "" {
		state = filepath.Join(home, ".local", "state")
	}
	return config, state
}

func homeFix(goos string) string {
	if goos == "windows" {
		return "set AppData and LocalAppData to absolute paths"
	}
	return "set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to absolute paths"
}

// absolute returns the path if it is absolute, or an empty string.
func absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return ""
}
