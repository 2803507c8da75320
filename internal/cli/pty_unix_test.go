//go:build !windows

package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// console is a pseudoterminal with a process in it.
type console struct {
	*os.File // what the user types and sees

	command *exec.Cmd
}

// startInTerminal starts a command in a terminal of its own.
func startInTerminal(c *exec.Cmd, width, height uint16) (*console, error) {
	tty, err := pty.StartWithSize(c, &pty.Winsize{Cols: width, Rows: height})
	return &console{File: tty, command: c}, err
}

// useConsole does nothing: a pseudoterminal is on the standard streams.
func useConsole() {}

// pressCtrlC is not needed: a pseudoterminal handles Ctrl-C itself.
func pressCtrlC() {}

// Kill ends the process.
func (t *console) Kill() error { return t.command.Process.Kill() }

// Wait waits for the process and returns its exit code.
func (t *console) Wait() (code int, err error) {
	err = t.command.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		err = nil
	}
	return t.command.ProcessState.ExitCode(), err
}

// TestTerminalIsSentNoQueries runs the program in a terminal that answers no
// queries: the program must neither send one nor wait for an answer.
func TestTerminalIsSentNoQueries(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "run", "../../cmd/profilectl", "version")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "TERM=xterm-256color", "CI=")
	tty, err := startInTerminal(c, 80, 24)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	shown := &screen{}
	_, _ = io.Copy(shown, tty) // returns an error when the command ends
	if code, err := tty.Wait(); err != nil || code != 0 {
		t.Fatalf("ended with %d, %v", code, err)
	}
	if text := shown.after(0); !strings.HasPrefix(text, "profilectl ") || strings.Contains(text, "\x1b") {
		t.Errorf("the terminal got %q", text)
	}
}
