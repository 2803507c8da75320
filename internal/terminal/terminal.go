// Package terminal is everything between profilectl and a person's terminal:
// what is known about it, opening a browser, asking and showing.
//
// The rules of the interface:
//   - A command's result goes to standard output and nothing else does.
//   - What a person is to read or answer goes to standard error, or is asked on
//     the controlling terminal, so that results can always be piped.
//   - Off a terminal there is no colour, no spinner and no question.
//   - CI and agents switch questions and colour off; they change nothing else.
//   - A question can always be left with Ctrl-C, and then nothing has changed.
package terminal

import (
	"os"
	"slices"

	"golang.org/x/term"
)

// Facts are what is known about the surroundings. They do not change.
type Facts struct {
	StdoutTTY   bool
	StderrTTY   bool
	Interactive bool // a person is there to answer
	Live        bool // lines of standard error may be rewritten
	Color       bool
	Accessible  bool // for screen readers: plain questions instead of forms
	Width       int  // columns of the terminal
	SSH         bool
	WSL         bool
	Container   bool
	Display     bool // a graphical session
}

const defaultWidth = 80

// Detect looks around. The streams are whatever the program was started with;
// only files can be terminals. exists tells whether there is a file of a name.
func Detect(in, out, errOut any, goos string, getenv func(string) string, exists func(path string) bool) Facts {
	f := Facts{
		StdoutTTY:  isTerminal(out),
		StderrTTY:  isTerminal(errOut),
		Accessible: getenv("ACCESSIBLE") != "",
		Width:      width(out),
		SSH:        getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "",
		WSL:        getenv("WSL_DISTRO_NAME") != "" || getenv("WSL_INTEROP") != "",
		Container:  getenv("container") != "" || exists("/.dockerenv") || exists("/run/.containerenv"),
		Display:    goos != "linux" || getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "",
	}
	alone := getenv("CI") != "" || agent(getenv)
	f.Interactive = isTerminal(in) && f.StderrTTY && getenv("TERM") != "dumb" && !alone
	f.Live = f.StderrTTY && getenv("TERM") != "dumb" && !alone && !f.Accessible
	forced := getenv("CLICOLOR_FORCE") != "" && getenv("CLICOLOR_FORCE") != "0"
	f.Color = getenv("NO_COLOR") == "" && (forced || f.StderrTTY && getenv("TERM") != "dumb" && !alone)
	return f
}

// agent tells a coding agent at the keyboard.
func agent(getenv func(string) string) bool {
	return slices.ContainsFunc([]string{"CLAUDECODE", "AI_AGENT", "CURSOR_AGENT", "CODEX_SANDBOX", "GEMINI_CLI", "COPILOT_CLI"},
		func(name string) bool { return getenv(name) != "" })
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

func width(stream any) int {
	if f, ok := stream.(*os.File); ok && f != nil {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return defaultWidth
}
