//go:build !windows

package terminal_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// prompted cancels or types when a question is shown.
type prompted func()

func (p prompted) Write(text []byte) (int, error) {
	if bytes.HasSuffix(text, []byte(": ")) {
		p()
	}
	return len(text), nil
}

func TestAskHiddenReturnsTheLine(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal:", err)
	}
	defer master.Close()
	defer tty.Close()
	typing := prompted(func() { _, _ = master.WriteString(" Secret 1 \n") })
	if got, err := terminal.AskHidden(t.Context(), tty, typing, "Password"); err != nil || got != " Secret 1 " {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAskHiddenRestoresTheTerminalWhenCanceled(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal:", err)
	}
	defer master.Close()
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fd := int(tty.Fd())
	cancelOnceHidden := func() {
		for ctx.Err() == nil {
			if now, err := term.GetState(fd); err != nil || *now != *before {
				cancel()
			}
			runtime.Gosched()
		}
	}
	_, err = terminal.AskHidden(ctx, tty, prompted(func() { go cancelOnceHidden() }), "Password")
	if fault.As(err).Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal differs from before: %v, %v", after, err)
	}
}
