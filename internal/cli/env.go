// Package cli is the command line: one file a command, and the only package
// that knows all others.
//
// A command is an options struct, a bind that makes its flags, a newX that
// makes the cobra command, and a runX that does the work. What comes from
// outside is in Env; flags, environment and file become a session (session.go);
// results are printed by output, faults by report (exit.go). Main is the whole
// program as a function.
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

// Env is everything that a command takes from the outside world.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Exists         func(path string) bool // of a file
	Environ        func() []string
	GOOS           string
	Self           string          // path of the running program
	Keyring        tokenstore.Ring // of the operating system
	// OpenBrowser, if set, opens pages in place of the person's browser.
	OpenBrowser func(ctx context.Context, url string) error
}

// System is the process's own Env.
func System() Env {
	muted.Restore()
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Exists: exists, Environ: os.Environ, GOOS: runtime.GOOS, Self: self,
		Keyring: tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv),
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (e Env) facts() terminal.Facts {
	return terminal.Detect(e.Stdin, e.Stdout, e.Stderr, e.GOOS, e.Getenv, e.Exists)
}

// keyringWait is how long a keyring may let us wait: long where a person can
// unlock it.
func (e Env) keyringWait(timeout time.Duration) time.Duration {
	const asked, alone = time.Minute, 5 * time.Second
	if e.facts().Interactive {
		return asked
	}
	return min(alone, timeout)
}

// userAgent is what servers see.
func userAgent() string { return "profilectl/" + thisBuild().Version }
