//go:build !windows

package terminal_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
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

// newTerminal returns both ends of a pseudo-terminal, of which the user has the first.
func newTerminal(t *testing.T) (user, tty *os.File) {
	t.Helper()
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = tty.Close()
		_ = user.Close()
	})
	return user, tty
}

func hide(t *testing.T, tty *os.File, out io.Writer) *terminal.Hidden {
	t.Helper()
	h, err := terminal.HideInput(tty, out)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHiddenReturnsTheLine(t *testing.T) {
	user, tty := newTerminal(t)
	h := hide(t, tty, prompted(func() { _, _ = user.WriteString(" Secret 1 \n") }))
	defer h.Show()
	if got, err := h.Ask(t.Context(), "Password"); err != nil || got != " Secret 1 " {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestHiddenHidesWhatIsTypedAtOnce types in the moment in which the question is shown, and
// before the next question.
func TestHiddenHidesWhatIsTypedAtOnce(t *testing.T) {
	user, tty := newTerminal(t)
	const end = "end"
	shown := make(chan string, 1)
	go func() {
		var text []byte
		for part := make([]byte, 64); !bytes.Contains(text, []byte(end)); {
			n, err := user.Read(part)
			if err != nil {
				break
			}
			text = append(text, part[:n]...)
		}
		shown <- string(text)
	}()
	typeLine := func() { _, _ = user.WriteString("Secret 1\n") }
	var once sync.Once
	h := hide(t, tty, prompted(func() { once.Do(typeLine) }))
	ask := func() {
		if got, err := h.Ask(t.Context(), "Password"); err != nil || got != "Secret 1" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	ask()
	typeLine()
	ask()
	h.Show()
	_, _ = tty.WriteString(end)
	if text := <-shown; text != end {
		t.Errorf("the terminal shows %q", text)
	}
}

func TestHiddenRestoresTheTerminalWhenCanceled(t *testing.T) {
	_, tty := newTerminal(t)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := hide(t, tty, prompted(cancel))
	if _, err = h.Ask(ctx, "Password"); fault.As(err).Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
	h.Show()
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal differs from before: %v, %v", after, err)
	}
}
