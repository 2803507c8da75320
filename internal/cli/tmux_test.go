package cli

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// tmuxCommand drives a program in a terminal emulator and keeps what a person
// would see.
func tmuxCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tmux start COLUMNSxROWS COMMAND... | type KEY... | see FILE TEXT")
	}
	switch args[0] {
	case "start":
		stateOf(ts).terminals++ // a server of its own for each: the last one may still be going
		columns, rows, _ := strings.Cut(args[1], "x")
		config := ts.MkAbs("tmux.conf")
		ts.Check(os.WriteFile(config, []byte("set -g status off\n"), 0o600))
		// cat keeps the terminal as it is after the program has ended.
		tmux(ts, "-f", config, "new-session", "-d", "-s", "person", "-x", columns, "-y", rows, strings.Join(args[2:], " ")+"; cat")
		ts.Defer(func() { _ = tmuxRun(ts, "kill-server").Run() }) // it may be gone
	case "type":
		tmux(ts, append([]string{"send-keys", "-t", "person"}, args[1:]...)...)
	case "see":
		see(ts, args[1], args[2])
	case "end":
		tmux(ts, "kill-server")
	default:
		ts.Fatalf("tmux: no such order: %s", args[0])
	}
}

// see waits for a text on the screen and writes the screen to a file.
func see(ts *testscript.TestScript, file, text string) {
	shown := ""
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(shown, text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%q was not shown; the terminal shows:\n%s", text, shown)
		}
		shown = tmux(ts, "capture-pane", "-p", "-t", "person")
	}
	var lines []string
	for line := range strings.Lines(shown) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n")+"\n"), 0o600))
}

func tmux(ts *testscript.TestScript, args ...string) string {
	out, err := tmuxRun(ts, args...).CombinedOutput()
	if err != nil {
		ts.Fatalf("tmux %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

// tmuxRun is tmux with the script's environment and a server of its own.
func tmuxRun(ts *testscript.TestScript, args ...string) *exec.Cmd {
	c := inScript(ts, exec.Command("tmux", append([]string{"-L", fmt.Sprintf("person-%d", stateOf(ts).terminals)}, args...)...))
	c.Env = append(c.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX_TMPDIR="+ts.Getenv("WORK"))
	return c
}
