//go:build !windows

package terminal_test

import (
	"bytes"
	"context"
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

// TestAskHiddenHidesWhatIsTypedAtOnce types in the moment in which the question is shown.
func TestAskHiddenHidesWhatIsTypedAtOnce(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal:", err)
	}
	defer master.Close()
	defer tty.Close()
	const end = "end"
	shown := make(chan string, 1)
	go func() {
		var text []byte
		for part := make([]byte, 64); !bytes.Contains(text, []byte(end)); {
			n, err := master.Read(part)
			if err != nil {
				break
			}
			text = append(text, part[:n]...)
		}
		shown <- string(text)
	}()
	typing := prompted(func() { _, _ = master.WriteString("Secret 1\n") })
	if _, err := terminal.AskHidden(t.Context(), tty, typing, "Password"); err != nil {
		t.Fatal(err)
	}
	_, _ = tty.WriteString(end)
	if text := <-shown; text != end {
		t.Errorf("the terminal shows %q", text)
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
	defer cancel()
	_, err = terminal.AskHidden(ctx, tty, prompted(cancel), "Password")
	if fault.As(err).Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal differs from before: %v, %v", after, err)
	}
}
