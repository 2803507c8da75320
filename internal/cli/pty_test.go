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
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// screen records what a terminal was sent. It is safe for concurrent use.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends output of the terminal.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// after returns the output after the first n bytes.
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

// terminalCommand runs a command in a pseudoterminal. It waits for each text and
// then types the keys, which are written with the escapes of Go. All output is in
// the file screen, and the exit code in the file exit-code.
func terminalCommand(ts *testscript.TestScript, neg bool, args []string) {
	split := slices.Index(args, "--")
	if split < 1 || split%2 != 1 || split+1 >= len(args) {
		ts.Fatalf("usage: terminal COLUMNSxROWS [TEXT KEYS]... -- COMMAND...")
	}
	width, height := windowSize(ts, args[0])
	c := inScript(ts, exec.Command(lookPath(ts, args[split+1]), args[split+2:]...))
	c.Env = append(c.Env, "TERM=xterm-256color")
	tty, err := startInTerminal(c, width, height)
	ts.Check(err)
	defer tty.Close()
	shown := &screen{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(shown, tty) // returns an error when the command ends
	}()
	seen := 0
	for i := 1; i < split; i += 2 {
		text := args[i]
		keys, err := strconv.Unquote(`"` + args[i+1] + `"`)
		ts.Check(err)
		if !waitUntil(func() bool { return strings.Contains(shown.after(seen), text) }) {
			ts.Fatalf("%q was not shown; the terminal shows:\n%s", text, shown.after(seen))
		}
		seen = shown.size()
		_, err = io.WriteString(tty, keys)
		ts.Check(err)
	}
	hung := time.AfterFunc(30*time.Second, func() { _ = tty.Kill() })
	code, err := tty.Wait()
	ts.Check(err)
	hung.Stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		ts.Fatalf("the terminal stays open; it shows:\n%s", shown.after(0))
	}
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(shown.after(0)), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("exit-code"), []byte(strconv.Itoa(code)), 0o600))
	if (code != 0) != neg {
		ts.Fatalf("ended with %d; the terminal shows:\n%s", code, shown.after(0))
	}
}

// windowSize parses a size of the form COLUMNSxROWS.
func windowSize(ts *testscript.TestScript, size string) (width, height uint16) {
	columns, rows, _ := strings.Cut(size, "x")
	w, err := strconv.ParseUint(columns, 10, 16)
	ts.Check(err)
	h, err := strconv.ParseUint(rows, 10, 16)
	ts.Check(err)
	return uint16(w), uint16(h)
}

// lookPath returns the path of a command on the script's PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		for _, suffix := range []string{"", ".exe"} {
			path := filepath.Join(dir, name+suffix)
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return path
			}
		}
	}
	ts.Fatalf("%s is not on PATH", name)
	return ""
}
