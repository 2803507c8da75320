package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Editor runs the user's text editor.
type Editor struct {
	Getenv         func(string) string
	In             io.Reader
	Stdout, Stderr io.Writer
}

// Open opens a file in the editor and waits until the editor is closed. As in git,
// $VISUAL or else $EDITOR is a shell command line to which the file is appended. If
// neither is set, the editor is vi, or notepad on Windows.
//
// It returns a Usage fault if the editor cannot be started, a Canceled fault if the
// editor exits with another status than 0, and ctx.Err() if ctx has ended.
func (e Editor) Open(ctx context.Context, path string) error {
	c := editorCommand(ctx, e.commandLine(), path)
	c.Stdin, c.Stdout, c.Stderr = e.In, e.Stdout, e.Stderr
	err := c.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	const notFound = 127 // the exit status of a shell that does not find a command
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !exited || exit.ExitCode() == notFound:
		return &fault.Error{
			Kind: fault.Usage,
			What: "the editor cannot be started",
			Fix:  "set EDITOR to the command of your text editor",
			Err:  err,
		}
	}
	return &fault.Error{
		Kind: fault.Canceled,
		What: fmt.Sprintf("canceled; nothing was changed, because the editor exited with status %d", exit.ExitCode()),
		Fix:  "run the command again",
		Err:  err,
	}
}

// TooSoon returns a time that is too short for a user to read a file, change it and close
// the editor. Editors that open a window exit within that time unless they are told to
// wait. Their launchers take longer than a terminal editor takes to start.
func (e Editor) TooSoon() time.Duration {
	const user, launcher = 500 * time.Millisecond, 3 * time.Second
	words := strings.Fields(e.commandLine())
	if len(words) == 0 {
		return user
	}
	for _, word := range words[1:] {
		switch word {
		case "--wait", "-w", "-W", "--block", "-b", "--new-instance":
			return user
		}
	}
	name, _, _ := strings.Cut(strings.ToLower(filepath.Base(words[0])), ".")
	switch name {
	case "code", "code-insiders", "codium", "cursor", "windsurf", "zed", "subl", "atom", "mate", "bbedit", "open",
		"xdg-open", "gedit", "gnome-text-editor", "xed", "pluma", "mousepad", "kate", "kwrite", "start":
		return launcher
	}
	return user
}

// commandLine returns $VISUAL or else $EDITOR.
func (e Editor) commandLine() string {
	if editor := e.Getenv("VISUAL"); editor != "" {
		return editor
	}
	return e.Getenv("EDITOR")
}
