// Package cli is the command line. It has one file for each command, and may
// import every other package.
//
// A command consists of an options struct, a bind method that makes its flags, a
// newX func that makes the cobra command, and a runX func that does the work. Env
// holds everything from outside the process. Flags, environment and configuration
// file become a session (session.go). Package output prints results, and report
// (exit.go) prints faults. Main is the whole program as a function.
package cli

import (
	"context"
	"io"
	"os"
	"runtime"
	"time"

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
	Exists  func(path string) bool // reports whether a file exists
	Environ func() []string
	GOOS    string
	Self    string          // path of the running program
	Keyring tokenstore.Ring // of the operating system
	// OpenBrowser, if set, opens pages instead of the user's browser.
	OpenBrowser func(ctx context.Context, url string) error
	// QuickPasswords makes the tenants of the sandbox and the demo hash passwords with
	// few iterations. It is meant for tests.
	QuickPasswords bool

	signals chan os.Signal // of the process; nil for none
	hangups chan struct{}  // holds one element if a service must reload; nil for none
}

// System returns the Env of the process.
func System() Env {
	muted.Restore()
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return Env{
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Getenv:  os.Getenv,
		Exists:  exists,
		Environ: os.Environ,
		GOOS:    runtime.GOOS,
		Self:    self,
		Keyring: tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv),
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (e Env) facts() terminal.Capabilities {
	return terminal.Detect(e.Stdin, e.Stdout, e.Stderr, e.GOOS, e.Getenv, e.Exists)
}

// keyringWait returns how long to wait for the keyring: longer if a user can
// unlock it.
func (e Env) keyringWait(timeout time.Duration) time.Duration {
	const attended, unattended = time.Minute, 5 * time.Second
	if e.facts().Interactive {
		return attended
	}
	return min(unattended, timeout)
}

// userAgent returns the User-Agent header of every request.
func userAgent() string { return "profilectl/" + thisBuild().Version }
