package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/profilectl/profilectl/internal/fault"
)

// Editor is the person's text editor.
type Editor struct {
	GOOS           string
	Getenv         func(string) string
	In             io.Reader
	Stdout, Stderr io.Writer
}

// Open edits a file and waits until the editor is closed. $VISUAL, then $EDITOR,
// is a command line as the shell reads it, to which the file is added, as git
// has it; without either it is vi, or notepad on Windows.
func (e Editor) Open(ctx context.Context, path string) error {
	editor := e.Getenv("VISUAL")
	if editor == "" {
		editor = e.Getenv("EDITOR")
	}
	c := e.command(ctx, editor, path)
	c.Stdin, c.Stdout, c.Stderr = e.In, e.Stdout, e.Stderr
	err := c.Run()
	ended, failed := errors.AsType[*exec.ExitError](err)
	const notFound = 127 // of a shell
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !failed || ended.ExitCode() == notFound:
		return &fault.Error{Kind: fault.Usage, What: "the editor cannot be started", Fix: "set EDITOR to the command of your text editor", Err: err}
	}
	return &fault.Error{Kind: fault.Canceled, What: fmt.Sprintf("the editor ended with exit status %d", ended.ExitCode()), Fix: "run the command again; nothing was sent", Err: err}
}

func (e Editor) command(ctx context.Context, editor, path string) *exec.Cmd {
	switch {
	case e.GOOS == "windows" && editor == "":
		return exec.CommandContext(ctx, "notepad", path)
	case e.GOOS == "windows":
		return exec.CommandContext(ctx, "cmd", "/C", editor+` "`+path+`"`)
	case editor == "":
		return exec.CommandContext(ctx, "vi", path)
	}
	return exec.CommandContext(ctx, "sh", "-c", editor+` "$@"`, editor, path)
}
