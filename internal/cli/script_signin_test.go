package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// readySandbox is what the tests read of the description of a sandbox that has started.
type readySandbox struct {
	User          string
	Password      string
	Admin         string
	AdminPassword string
	Mailbox       string
	CAFile        string
}

// runningCommand waits until the sandbox that the script started has written its
// ready file, and makes its user the user of the robot.
func runningCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: running FILE")
	}
	awaitCommand(ts, neg, append([]string{"RUNNING"}, args...))
	var r readySandbox
	ts.Check(json.Unmarshal([]byte(ts.Getenv("RUNNING")), &r))
	ts.Setenv("SANDBOX_USER", r.User)
	ts.Setenv("SANDBOX_PASSWORD", r.Password)
	ts.Setenv("SANDBOX_ADMIN", r.Admin)
	ts.Setenv("SANDBOX_ADMIN_PASSWORD", r.AdminPassword)
	ts.Setenv("SANDBOX_MAILBOX", r.Mailbox)
	ts.Setenv("SANDBOX_CA_FILE", r.CAFile)
}

// typeCodeCommand waits until a command has written its device code prompt to a
// file, and signs in with the code.
func typeCodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: type-code FILE")
	}
	prompt := awaitPrompt(ts, args[0], regexp.MustCompile(`page  (\S+)\r?\n  code  (\S+)\r?\n`))
	signInAt(ts, prompt[1], prompt[2])
}

// browseCommand waits until a command has written the address of a sign-in page
// to a file, and signs in there unless it should only wait.
func browseCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: browse FILE [only-wait]")
	}
	prompt := awaitPrompt(ts, args[0], regexp.MustCompile(`Open this page to sign in:\n\n  (\S+)\n`))
	if len(args) == 1 {
		signInAt(ts, prompt[1], "")
	}
}

// httpsCommand waits until a command has written the address of a sign-in page to a
// file, and connects to its redirect URI with TLS, as a browser does that has HSTS for
// localhost.
func httpsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: https FILE")
	}
	prompt := awaitPrompt(ts, args[0], regexp.MustCompile(`redirect_uri=http%3A%2F%2F(localhost)%3A([0-9]+)`))
	if conn, err := tls.Dial("tcp", net.JoinHostPort(prompt[1], prompt[2]), nil); err == nil {
		_ = conn.Close()
		ts.Fatalf("the redirect URI speaks TLS")
	}
}

// awaitPrompt waits until a file matches a pattern and returns the submatches.
func awaitPrompt(ts *testscript.TestScript, file string, want *regexp.Regexp) []string {
	var prompt []string
	appeared := waitUntil(func() bool {
		raw, _ := os.ReadFile(ts.MkAbs(file)) // it may not exist yet
		prompt = want.FindStringSubmatch(string(raw))
		return prompt != nil
	})
	if !appeared {
		ts.Fatalf("no prompt in %s:\n%s", file, ts.ReadFile(file))
	}
	return prompt
}

// signInAt opens a page as the sandbox's user. The user code is for the page of
// the device code flow.
func signInAt(ts *testscript.TestScript, address, userCode string) {
	transport := sandboxTransport(ts.Getenv("SANDBOX_CA_FILE"))
	user := robot.User{
		Email:    ts.Getenv("SANDBOX_USER"),
		Password: ts.Getenv("SANDBOX_PASSWORD"),
		Code:     robot.Mailbox(ts.Getenv("SANDBOX_MAILBOX"), transport),
	}
	browser, err := robot.New(user, transport)
	ts.Check(err)
	browser.UserCode = userCode
	_, err = browser.Open(context.Background(), address)
	ts.Check(err)
}
