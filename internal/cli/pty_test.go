package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// screen is what a terminal was sent so far.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes the terminal's output.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// after returns what came after the first n bytes.
func (s *screen) after(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()[min(n, s.text.Len()):]
}

func (s *screen) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Len()
}

// terminalCommand runs a command in a real terminal: it waits for a text, types
// keys (written as in Go), and so on, and leaves what was shown in the file
// screen.
func terminalCommand(ts *testscript.TestScript, neg bool, args []string) {
	split := slices.Index(args, "--")
	if split < 1 || split%2 != 1 || split+1 >= len(args) {
		ts.Fatalf("usage: terminal COLUMNSxROWS [TEXT KEYS]... -- COMMAND...")
	}
	columns, rows, _ := strings.Cut(args[0], "x")
	width, err1 := strconv.Atoi(columns)
	height, err2 := strconv.Atoi(rows)
	ts.Check(err1)
	ts.Check(err2)
	c := inScript(ts, exec.Command(lookPath(ts, args[split+1]), args[split+2:]...))
	c.Env = append(c.Env, "TERM=xterm-256color")
	tty, err := pty.StartWithSize(c, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)})
	ts.Check(err)
	defer tty.Close()
	shown := &screen{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(shown, tty) // ends with an error when the command does
	}()
	seen := 0
	for i := 1; i < split; i += 2 {
		keys, err := strconv.Unquote(`"` + args[i+1] + `"`)
		ts.Check(err)
		deadline := time.Now().Add(20 * time.Second)
		for !strings.Contains(shown.after(seen), args[i]) {
			if time.Now().After(deadline) {
				ts.Fatalf("%q was not shown; the terminal shows:\n%s", args[i], shown.after(seen))
			}
			time.Sleep(10 * time.Millisecond)
		}
		seen = shown.size()
		_, err = tty.WriteString(keys)
		ts.Check(err)
	}
	err = c.Wait()
	<-ended
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(shown.after(0)), 0o600))
	if (err != nil) != neg {
		ts.Fatalf("ended with %v; the terminal shows:\n%s", err, shown.after(0))
	}
}

// TestNoCommandAsksTheTerminalAnything starts the program in a terminal that
// answers nothing: what it writes is its own, at once.
func TestNoCommandAsksTheTerminalAnything(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "run", "../../cmd/profilectl", "version")
	c.Env = append(os.Environ(), "TERM=xterm-256color", "CI=")
	tty, err := pty.StartWithSize(c, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	shown := &screen{}
	_, _ = io.Copy(shown, tty) // ends with an error when the command does
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if text := shown.after(0); !strings.HasPrefix(text, "profilectl ") || strings.Contains(text, "\x1b") {
		t.Errorf("the terminal got %q", text)
	}
}

// lookPath finds a command on the script's PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	ts.Fatalf("%s is not on PATH", name)
	return ""
}
