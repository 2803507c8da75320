package cli

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// scriptState holds what the commands of a script share.
type scriptState struct {
	keyring   *exec.Cmd // the gnome-keyring that "keyring real" started
	requests  int       // requests that the tenant had served at "tenant mark"
	terminals int       // terminals that "tmux start" started

	empty *playground.Playground // the tenant that "empty" started
}

func stateOf(ts *testscript.TestScript) *scriptState {
	state, ok := ts.Value("state").(*scriptState)
	if !ok {
		ts.Fatalf("the script has no state")
	}
	return state
}

// lockCommand locks the token store, as another profilectl does while it uses
// the stored sign-in. The lock ends with the script.
func lockCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: lock")
	}
	locks, err := filepath.Glob(filepath.Join(ts.Getenv("HOME"), ".local/state/profilectl/tokens/*.lock"))
	ts.Check(err)
	if len(locks) != 1 {
		ts.Fatalf("got %d lock files, want 1", len(locks))
	}
	l := flock.New(locks[0])
	if ok, err := l.TryLock(); !ok {
		ts.Fatalf("the store is locked already: %v", err)
	}
	ts.Defer(func() { _ = l.Unlock() })
}

// occupyCommand listens on a free port of an address and sets a variable to the
// port.
func occupyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: occupy VARIABLE ADDRESS")
	}
	l, err := net.Listen("tcp", net.JoinHostPort(args[1], "0"))
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// statusCommand runs a command and checks its exit code.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("the exit code is %s, want %s", got, args[0])
	}
}

// inScript prepares a command to run in the directory and with the variables of
// the script.
func inScript(ts *testscript.TestScript, c *exec.Cmd) *exec.Cmd {
	c.Dir = ts.Getenv("WORK")
	for _, name := range []string{
		"ACCESSIBLE",
		"AppData",
		"BROWSER",
		"EDITOR",
		"GORACE",
		"HOME",
		"LocalAppData",
		"PAGER",
		"PATH",
		"PROFILECTL_AUTHORITY",
		"PROFILECTL_CA_FILE",
		"PROFILECTL_CLIENT_ID",
		"PROFILECTL_EDIT_SCOPE",
		"PROFILECTL_GRAPH",
		"PROFILECTL_MID_TIER",
		"SANDBOX_MAILBOX",
		"SANDBOX_PASSWORD",
		"SANDBOX_USER",
		"SystemRoot",
		"TEST_BROWSER",
		"TEST_KEYRING",
		"TMPDIR",
		"SANDBOX_CONTROL",
		"SANDBOX_CONTROL_KEY",
		"WORK",
	} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	return c
}

// interruptCommand runs a command, sends it an interrupt when its standard error
// contains a text, and checks its exit code. Its standard error is in the file
// interrupted.
func interruptCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt CODE TEXT COMMAND...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c := inScript(ts, exec.CommandContext(ctx, lookPath(ts, args[2]), args[3:]...))
	stderr, err := c.StderrPipe()
	ts.Check(err)
	ts.Check(c.Start())
	var written strings.Builder
	interrupted := false
	for buffer := make([]byte, 4096); err == nil; {
		var n int
		n, err = stderr.Read(buffer)
		written.Write(buffer[:n])
		if !interrupted && strings.Contains(written.String(), args[1]) {
			interrupted = true
			ts.Check(c.Process.Signal(os.Interrupt))
		}
	}
	_ = c.Wait() // the exit code is checked below
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), []byte(written.String()), 0o600))
	if !interrupted {
		ts.Fatalf("%q was not written; standard error:\n%s", args[1], written.String())
	}
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("the exit code is %s, want %s; standard error:\n%s", got, args[0], written.String())
	}
}

// grepHomeCommand searches all files in the script's home directory for the text
// of a file.
func grepHomeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: grep-home FILE")
	}
	want := strings.TrimSpace(ts.ReadFile(args[0]))
	found := false
	ts.Check(filepath.WalkDir(ts.Getenv("HOME"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		found = found || strings.Contains(string(raw), want)
		return err
	}))
	if found == neg {
		ts.Fatalf("found in the home directory: %v, want %v", found, !neg)
	}
}

// filesCommand prints the number and the names of the entries of a directory, one a line.
func filesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: files DIRECTORY")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "total %d\n", len(entries))
	ts.Check(err)
	for _, entry := range entries {
		_, err := fmt.Fprintln(ts.Stdout(), entry.Name())
		ts.Check(err)
	}
}

// awaitCommand waits until a background command has written a file, and sets a
// variable to its text.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await VARIABLE FILE")
	}
	var text []byte
	written := waitUntil(func() bool {
		text, _ = os.ReadFile(ts.MkAbs(args[1])) // it may not exist yet
		return len(text) > 0
	})
	if !written {
		ts.Fatalf("%s was not written", args[1])
	}
	ts.Setenv(args[0], strings.TrimSpace(string(text)))
}

// waitUntil waits until done returns true and reports whether it did in time.
func waitUntil(done func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// unusedPort returns a port below the range from which the system assigns ports, so that
// no other server and no connection takes it before the caller listens on it, or while the
// caller's server restarts.
func unusedPort() int {
	const lowest, count = 20_000, 12_000
	for {
		port := lowest + rand.IntN(count)
		if l, err := net.Listen("tcp", net.JoinHostPort("localhost", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return port
		}
	}
}

// portsCommand chooses the ports of a sandbox before its first start.
func portsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ports DIRECTORY")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	kept, err := loopback.OpenDir(dir)
	ts.Check(err)
	ts.Check(kept.SavePorts(loopback.Ports{API: unusedPort(), Pages: unusedPort(), MidTier: unusedPort()}))
	ts.Check(kept.Close())
}
