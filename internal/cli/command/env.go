// Package command holds what the packages of commands share: the environment of the process,
// the flags that every command has, the settings that they lead to, the printing of results,
// progress and the next steps of errors, and completions.
//
// A command is made by a function of its package that takes an Env and the Globals. Its
// options struct holds its flags, and a func whose name begins with run does the work.
package command

import (
	"context"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"

	"github.com/profilectl/profilectl/internal/muted"
	"github.com/profilectl/profilectl/internal/terminal"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Env holds everything that a command takes from outside the process.
type Env struct {
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Getenv  func(string) string
	Environ func() []string
	GOOS    string
	// Container reports whether the machine is a container, as terminal.InContainer does.
	Container bool
	Self      string          // path of the running program
	Keyring   tokenstore.Ring // of the operating system
	// OpenBrowser, if set, opens pages instead of the user's browser.
	OpenBrowser func(ctx context.Context, url string) error
	// QuickPasswords makes the tenants of the sandbox and the demo hash passwords with
	// few iterations. It is meant for tests.
	QuickPasswords bool
	// Hangups holds one element if a service must reload. It is nil if the process
	// does not handle signals.
	Hangups chan struct{}
}

// System returns the Env of the process.
func System() Env {
	muted.Restore()
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return Env{
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		Getenv:    os.Getenv,
		Environ:   os.Environ,
		GOOS:      runtime.GOOS,
		Container: terminal.InContainer(),
		Self:      self,
		Keyring:   tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv),
	}
}

// Exists reports whether a file or directory exists.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Facts returns what is known about the terminal, without the flags of the command line.
func (e Env) Facts() terminal.Capabilities {
	return terminal.Detect(e.Stdin, e.Stdout, e.Stderr, e.GOOS, e.Getenv, e.Container)
}

// OpenURL is the hidden command that opens the platform's browser in a
// process of its own.
const OpenURL = "open-url"

// Browser returns what opens pages in the user's browser. It runs failed if a browser that was
// started ends with an error.
func (e Env) Browser(facts terminal.Capabilities, failed func(error)) terminal.Opener {
	return terminal.Opener{
		Capabilities: facts,
		Getenv:       e.Getenv,
		Self:         []string{e.Self, OpenURL},
		Failed:       failed,
	}
}

// Isolated returns an Env with these variables, in which dir is the home of all other files,
// so that a command uses neither the configuration nor the files of the user. The terminal and
// the browser are still the user's.
func (e Env) Isolated(variables map[string]string, dir string) Env {
	own := maps.Clone(variables)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "AppData", "LocalAppData"} {
		own[name] = dir
	}
	own["PROFILECTL_STORE"] = "memory"
	kept := []string{
		"NO_COLOR", "CLICOLOR_FORCE", "TERM", "CI", "ACCESSIBLE",
		"BROWSER", "PROFILECTL_BROWSER", "DISPLAY", "WAYLAND_DISPLAY",
		"SSH_CONNECTION", "SSH_TTY", "WSL_DISTRO_NAME", "WSL_INTEROP", "container",
	}
	getenv := e.Getenv
	e.Getenv = func(name string) string {
		if value, ok := own[name]; ok {
			return value
		}
		if slices.Contains(kept, name) {
			return getenv(name)
		}
		return ""
	}
	return e
}
