package terminal

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// understandsEscapes reports whether a console interprets escape sequences. It turns that
// on, because the console host of Windows prints them as text by default, and leaves it
// on, as a later process may use the same console (learn.microsoft.com, "Console Virtual
// Terminal Sequences"). Windows before version 10 cannot.
func understandsEscapes(console *os.File) bool {
	handle := windows.Handle(console.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(handle, &mode); err != nil {
		return false
	}
	const needed = windows.ENABLE_PROCESSED_OUTPUT | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&needed == needed || windows.SetConsoleMode(handle, mode|needed) == nil
}

// AwaitInterrupt waits after the end of the input, if that is a console, until ctx ends, for a
// second at most. Ctrl-C ends a read from a console as if the input had ended, and the signal,
// which ends ctx, may arrive later.
func AwaitInterrupt(ctx context.Context, in io.Reader) {
	if !isTerminal(in) {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}
