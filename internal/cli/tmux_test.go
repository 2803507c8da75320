package cli

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

const tmuxUsage = `usage:
  tmux start COLUMNSxROWS COMMAND...   start a command in a terminal
  tmux type KEY...                     type keys, as tmux send-keys names them
  tmux see FILE TEXT                   wait for a text, save the screen to FILE
  tmux end                             close the terminal`

// tmuxCommand runs a command in a terminal emulator and saves what the user sees.
func tmuxCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf(tmuxUsage)
	}
	switch args[0] {
	case "start":
		startTmux(ts, args[1], args[2:])
	case "type":
		tmux(ts, append([]string{"send-keys", "-t", tmuxSession}, args[1:]...)...)
	case "see":
		saveScreen(ts, args[1], args[2])
	case "end":
		tmux(ts, "kill-server")
	default:
		ts.Fatalf("tmux: unknown subcommand %s\n%s", args[0], tmuxUsage)
	}
}

const tmuxSession = "test"

// startTmux starts a command on a tmux server of its own, because the server of
// the last terminal may still be ending.
func startTmux(ts *testscript.TestScript, size string, command []string) {
	stateOf(ts).terminals++
	columns, rows, _ := strings.Cut(size, "x")
	config := ts.MkAbs("tmux.conf")
	ts.Check(os.WriteFile(config, []byte("set -g status off\n"), 0o600))
	tmux(ts,
		"-f", config,
		"new-session", "-d", "-s", tmuxSession, "-x", columns, "-y", rows,
		strings.Join(command, " ")+"; cat", // cat keeps the screen after the command has ended
	)
	ts.Defer(func() { _ = tmuxProcess(ts, "kill-server").Run() }) // fails after tmux end
}

// saveScreen waits until the screen contains a text and writes the screen to a
// file, without the empty lines above and below. How many are above depends on the
// longest page that the terminal has drawn before.
func saveScreen(ts *testscript.TestScript, file, text string) {
	shown := ""
	seen := waitUntil(func() bool {
		shown = tmux(ts, "capture-pane", "-p", "-t", tmuxSession)
		return strings.Contains(shown, text)
	})
	if !seen {
		ts.Fatalf("%q was not shown; the terminal shows:\n%s", text, shown)
	}
	var lines []string
	for line := range strings.Lines(shown) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	screen := strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(screen), 0o600))
}

// tmux runs a tmux command and returns its output.
func tmux(ts *testscript.TestScript, args ...string) string {
	out, err := tmuxProcess(ts, args...).CombinedOutput()
	if err != nil {
		ts.Fatalf("tmux %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

// tmuxProcess returns a tmux command for the server of the current terminal,
// with the variables of the script.
func tmuxProcess(ts *testscript.TestScript, args ...string) *exec.Cmd {
	server := fmt.Sprintf("test-%d", stateOf(ts).terminals)
	c := inScript(ts, exec.Command("tmux", append([]string{"-L", server}, args...)...))
	c.Env = append(c.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX_TMPDIR="+ts.Getenv("WORK"))
	return c
}
