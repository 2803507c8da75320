// Package terminal talks to the user at a terminal: it detects what the terminal
// can do, opens the browser and the editor, asks questions, and shows progress.
//
// The rules of the interface:
//   - Only the result of a command goes to standard output.
//   - Everything else that the user reads goes to standard error, and questions
//     are asked on the controlling terminal, so that results can be piped.
//   - Without a terminal there are no colors, no progress line and no questions.
//   - CI and coding agents turn questions and colors off and change nothing else.
//   - Ctrl-C cancels every question, and then nothing has changed.
package terminal

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// Capabilities describe the terminal and the machine that the program runs on.
// They do not change during a run.
type Capabilities struct {
	StdoutTTY   bool
	StderrTTY   bool
	Interactive bool // a user can answer questions
	Live        bool // lines on standard error can be rewritten
	Color       bool
	Accessible  bool // plain questions instead of forms: for screen readers, and without escape sequences
	Width       int  // columns of the terminal
	Height      int  // lines of the terminal
	SSH         bool
	WSL         bool
	Container   bool
	Display     bool // there is a graphical session
}

const defaultWidth, defaultHeight = 80, 24

// Detect returns the capabilities of the terminal that the streams belong to. A
// stream that is not an *os.File is not a terminal. container reports whether the machine
// is known to be a container. On Windows, Detect makes the console interpret escape
// sequences.
func Detect(
	in, out, errOut any, goos string,
	getenv func(string) string, container bool,
) Capabilities {
	return detect(in, out, errOut, goos, getenv, container, understandsEscapes)
}

func detect(
	in, out, errOut any, goos string,
	getenv func(string) string, container bool, escapable func(*os.File) bool,
) Capabilities {
	width, height := size(out)
	c := Capabilities{
		StdoutTTY:  isTerminal(out),
		StderrTTY:  isTerminal(errOut),
		Accessible: truthy(getenv("ACCESSIBLE")),
		Width:      width,
		Height:     height,
		SSH:        getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "",
		WSL:        getenv("WSL_DISTRO_NAME") != "" || getenv("WSL_INTEROP") != "",
		Container:  container || getenv("container") != "",
		Display:    goos != "linux" || getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "",
	}
	attended := c.StderrTTY && getenv("TERM") != "dumb" && !truthy(getenv("CI")) && !agent(getenv)
	c.Interactive = attended && isTerminal(in)
	file, _ := errOut.(*os.File)
	escapes := attended && escapable(file)
	c.Accessible = c.Accessible || c.Interactive && !escapes
	c.Live = escapes && !c.Accessible
	forced := truthy(getenv("CLICOLOR_FORCE"))
	c.Color = getenv("NO_COLOR") == "" && (forced || escapes)
	return c
}

// InContainer reports whether the machine has a file that Docker or Podman creates in each
// container.
func InContainer() bool {
	return slices.ContainsFunc([]string{"/.dockerenv", "/run/.containerenv"}, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

// agent reports whether a coding agent runs the command.
func agent(getenv func(string) string) bool {
	variables := []string{
		"CLAUDECODE", "AI_AGENT", "CURSOR_AGENT", "CODEX_SANDBOX", "GEMINI_CLI", "COPILOT_CLI",
	}
	return slices.ContainsFunc(variables, func(name string) bool { return truthy(getenv(name)) })
}

// truthy reports whether the value of a variable switches something on. People write
// false, 0, no and off to say no.
func truthy(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

func size(stream any) (width, height int) {
	if f, ok := stream.(*os.File); ok && f != nil {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
			return w, h
		}
	}
	return defaultWidth, defaultHeight
}
