package interop

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// TestMSALPythonSignsInWithADeviceCode runs MSAL Python: a sign-in with a device code, a
// silent token for Graph, and the refusal of one for edits with its claims challenge.
func TestMSALPythonSignsInWithADeviceCode(t *testing.T) {
	script := exec.CommandContext(t.Context(), "/usr/bin/python3", "../python/device_code.py")
	// requests prefers this variable to the CA that the script names.
	script.Env = append(os.Environ(), "REQUESTS_CA_BUNDLE="+env(t, "SANDBOX_CA_FILE"))
	var problems strings.Builder
	script.Stderr = &problems
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the script printed no code: %s", problems.String())
	}
	code, page, _ := strings.Cut(lines.Text(), " ")
	approve(t, code, page)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
	}
	if err := script.Wait(); err != nil {
		t.Fatalf("%v: %s", err, problems.String())
	}
	want := "signed in, read the profile, second factor required: interaction_required basic_action claims"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// approve signs the user in on the page for the code of a device.
func approve(t *testing.T, code, address string) {
	t.Helper()
	direct := newHTTPClient(t).Transport
	browser, err := robot.New(robot.User{
		Email:    env(t, "SANDBOX_USER"),
		Password: env(t, "SANDBOX_PASSWORD"),
		Code:     robot.Mailbox(env(t, "SANDBOX_MAILBOX"), direct),
	}, direct)
	if err != nil {
		t.Fatal(err)
	}
	browser.UserCode = code
	page, err := browser.Open(t.Context(), address)
	if err != nil || page.Status != http.StatusOK {
		t.Fatalf("%v; the browser shows: %s", err, page.Text)
	}
}
