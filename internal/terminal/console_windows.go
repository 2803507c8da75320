package terminal

import (
	"os"

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
