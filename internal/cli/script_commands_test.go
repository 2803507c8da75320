package cli

import (
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// scriptState is what commands of a script keep for later ones.
type scriptState struct {
	keyring   *exec.Cmd // the real one that was started
	requests  int       // the tenant had seen when it was marked
	terminals int       // that were started
}

func stateOf(ts *testscript.TestScript) *scriptState {
	state, ok := ts.Value("state").(*scriptState)
	if !ok {
		ts.Fatalf("the script keeps no state")
	}
	return state
}

// tenantCommand tells the tenant what to do next, or holds it to what it was
// asked.
func tenantCommand(ts *testscript.TestScript, neg bool, args []string) {
	st, ok := ts.Value("stage").(*stage)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf("usage: tenant fail-next|rubbish-next|slow-next PART ARGUMENT | reset | policy on|off | consent on|off | revoke | clock DURATION | mark | asked GRANT COUNT | profile PROPERTY VALUE | down")
	}
	switch args[0] {
	case "fail-next":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		failNext(st, sandbox.Fault{Part: args[1], Status: status})
	case "rubbish-next":
		failNext(st, sandbox.Fault{Part: args[1], Status: 200, Body: args[2]})
	case "slow-next":
		delay, err := time.ParseDuration(args[2])
		ts.Check(err)
		failNext(st, sandbox.Fault{Part: args[1], Delay: delay})
	case "reset":
		st.tenant.Recover()
	case "policy":
		ts.Check(st.tenant.SetPolicy(args[1] == "on"))
	case "consent":
		ts.Check(st.tenant.SetConsent(args[1] == "on"))
	case "revoke":
		ts.Check(st.tenant.RevokeSessions(st.facts.User))
	case "clock":
		forward, err := time.ParseDuration(args[1])
		ts.Check(err)
		st.tenant.FastForward(forward)
	case "mark":
		stateOf(ts).requests = len(st.tenant.Requests())
	case "asked":
		asked(ts, st, args[1], args[2])
	case "profile":
		ts.Check(st.tenant.SetProfile(st.facts.User, args[1], &args[2]))
	case "down":
		st.close()
	default:
		ts.Fatalf("tenant: no such order: %s", args[0])
	}
}

// failNext lets a request fail, with all its retries.
func failNext(st *stage, f sandbox.Fault) {
	const retries = 5 // more than any
	for range retries {
		st.tenant.FailNext(f)
	}
}

// asked holds the tenant to how often it granted something, since the mark.
func asked(ts *testscript.TestScript, st *stage, grant, count string) {
	times := 0
	for _, r := range st.tenant.Requests()[stateOf(ts).requests:] {
		if r.Grant == grant && r.Status == http.StatusOK {
			times++
		}
	}
	if strconv.Itoa(times) != count {
		ts.Fatalf("%s was granted %d times, not %s", grant, times, count)
	}
}

// lockCommand is another profilectl that uses the stored sign-in.
func lockCommand(ts *testscript.TestScript, neg bool, args []string) {
	locks, err := filepath.Glob(filepath.Join(ts.Getenv("HOME"), ".local/state/profilectl/tokens/*.lock"))
	ts.Check(err)
	if neg || len(args) != 0 || len(locks) != 1 {
		ts.Fatalf("usage: lock; there are %d locks", len(locks))
	}
	l := flock.New(locks[0])
	if ok, err := l.TryLock(); !ok {
		ts.Fatalf("the store is locked: %v", err)
	}
	ts.Defer(func() { _ = l.Unlock() })
}

// occupyCommand takes a port on one family and puts it into a variable.
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

// statusCommand runs a command and wants its exit code.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("the exit code is %s, not %s", got, args[0])
	}
}

// inScript lets a command run where the script does, with the script's variables.
func inScript(ts *testscript.TestScript, c *exec.Cmd) *exec.Cmd {
	c.Dir = ts.Getenv("WORK")
	for _, name := range []string{
		"HOME", "PATH", "WORK", "TMPDIR", "TEST_KEYRING", "TEST_BROWSER", "BROWSER", "GORACE", "SANDBOX_USER", "SANDBOX_PASSWORD", "SANDBOX_MAILBOX", "EDITOR", "ACCESSIBLE",
		"PROFILECTL_AUTHORITY", "PROFILECTL_CLIENT_ID", "PROFILECTL_EDIT_SCOPE", "PROFILECTL_MID_TIER", "PROFILECTL_GRAPH", "PROFILECTL_CA_FILE",
	} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	return c
}

// interruptCommand runs a command until its standard error shows a text, presses
// Ctrl-C, and wants its exit code. What it wrote is in the file interrupted.
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
	pressed := false
	for piece := make([]byte, 4096); err == nil; {
		var n int
		n, err = stderr.Read(piece)
		written.Write(piece[:n])
		if !pressed && strings.Contains(written.String(), args[1]) {
			pressed = true
			ts.Check(c.Process.Signal(os.Interrupt))
		}
	}
	_ = c.Wait() // its code is looked at below
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), []byte(written.String()), 0o600))
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != args[0] || !pressed {
		ts.Fatalf("the exit code is %s, not %s; Ctrl-C was pressed: %v; it wrote:\n%s", got, args[0], pressed, written.String())
	}
}

// grepHomeCommand looks for a file's text anywhere below the script's home.
func grepHomeCommand(ts *testscript.TestScript, neg bool, args []string) {
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
		ts.Fatalf("found below the home folder: %v", found)
	}
}

// runningCommand waits for a sandbox that the script started, and lets the robot
// know its user and mail box.
func runningCommand(ts *testscript.TestScript, neg bool, args []string) {
	awaitCommand(ts, neg, append([]string{"RUNNING"}, args...))
	var r running
	ts.Check(json.Unmarshal([]byte(ts.Getenv("RUNNING")), &r))
	ts.Setenv("SANDBOX_USER", r.User)
	ts.Setenv("SANDBOX_PASSWORD", r.Password)
	ts.Setenv("SANDBOX_MAILBOX", r.Mailbox)
}

var (
	devicePrompt = regexp.MustCompile(`page  (\S+)\r?\n  code  (\S+)\r?\n`)
	signInPrompt = regexp.MustCompile(`Open this page to sign in:\n\n  (\S+)\n`)
)

// typeCodeCommand waits until a command has written its device prompt to a file
// and does what it says, on another device.
func typeCodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: type-code FILE")
	}
	prompt := awaitPrompt(ts, args[0], devicePrompt)
	person(ts, prompt[2], prompt[1])
}

// browseCommand waits until a command has written a sign-in page's address to a
// file and signs in there.
func browseCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: browse FILE [only-wait]")
	}
	if prompt := awaitPrompt(ts, args[0], signInPrompt); len(args) == 1 {
		person(ts, "", prompt[1])
	}
}

func awaitPrompt(ts *testscript.TestScript, file string, want *regexp.Regexp) []string {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if raw, err := os.ReadFile(ts.MkAbs(file)); err == nil {
			if prompt := want.FindStringSubmatch(string(raw)); prompt != nil {
				return prompt
			}
		}
	}
	ts.Fatalf("no prompt:\n%s", ts.ReadFile(file))
	return nil
}

// person is the sandbox's user at a browser.
func person(ts *testscript.TestScript, userCode, address string) {
	browser, err := robot.New(robot.Person{
		Email: ts.Getenv("SANDBOX_USER"), Password: ts.Getenv("SANDBOX_PASSWORD"),
		Code: robot.Mailbox(ts.Getenv("SANDBOX_MAILBOX")),
	}, nil)
	ts.Check(err)
	browser.UserCode = userCode
	_, err = browser.Open(context.Background(), address)
	ts.Check(err)
}

// awaitCommand waits for a file that a background command writes, and puts its
// text into a variable.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await VARIABLE FILE")
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if raw, err := os.ReadFile(ts.MkAbs(args[1])); err == nil && len(raw) > 0 {
			ts.Setenv(args[0], strings.TrimSpace(string(raw)))
			return
		}
	}
	ts.Fatalf("%s did not appear", args[1])
}

// portsCommand gives a sandbox that is yet to start ports below those that the
// system hands out by itself: no other test's server can be found at one of them
// while the sandbox is away.
func portsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ports FOLDER")
	}
	const lowest, count = 20_000, 12_000
	free := func() int {
		for {
			port := lowest + rand.IntN(count)
			if l, err := net.Listen("tcp", net.JoinHostPort("localhost", strconv.Itoa(port))); err == nil {
				ts.Check(l.Close())
				return port
			}
		}
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	folder, err := loopback.OpenFolder(dir)
	ts.Check(err)
	ts.Check(folder.KeepPorts(loopback.Ports{API: free(), Pages: free(), MidTier: free()}))
	ts.Check(folder.Close())
}
