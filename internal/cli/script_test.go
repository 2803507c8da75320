package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// TestMain lets the test binary be profilectl itself, with a robot in the
// browser's place and, unless a script asks for the real one, a keyring of
// files.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"profilectl": func() {
			env := System()
			if dir := os.Getenv("TEST_KEYRING"); dir != "" {
				env.Keyring = folderRing(dir)
			}
			if mode := os.Getenv("TEST_BROWSER"); mode != "real" {
				env.OpenBrowser = scripted(mode)
			}
			os.Exit(Run(env, os.Args[1:]))
		},
	})
}

// scripted is the person at the browser, as the script wants them: one who does
// the pages, one who cancels, one who never answers, and none at all, whom no
// command may disturb.
func scripted(mode string) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		person := robot.Person{
			Email: os.Getenv("SANDBOX_USER"), Password: os.Getenv("SANDBOX_PASSWORD"), Name: "New Person",
			Code: func(ctx context.Context) (string, error) { return newestCode(ctx, os.Getenv("SANDBOX_MAILBOX")) },
		}
		switch mode {
		case "none":
			return errors.New("the browser was opened, and the script says that it must not be")
		case "closed":
			return nil
		case "cancel":
			person.Cancel = true
		case "slips":
			person.Slips = []string{"wrong"}
		case "stranger":
			person.Email, person.Password = "eve@contoso.example", "another password"
		case "new":
			person.Email, person.Password, person.SignUp = "new@contoso.example", "a new password", true
		}
		browser, err := robot.New(person, nil)
		if err != nil {
			return err
		}
		go browser.Open(ctx, address)
		return nil
	}
}

// newestCode reads the mail box as a program would.
func newestCode(ctx context.Context, mailbox string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(mailbox, "/mailbox?", "/mailbox.json?", 1), nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var mail []struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&mail); err != nil || len(mail) == 0 {
		return "", fmt.Errorf("no mail: %w", err)
	}
	return mail[0].Code, nil
}

// folderRing is a keyring of files: it outlives a process, as a real one does.
type folderRing string

func (r folderRing) path(service, account string) string {
	return filepath.Join(string(r), strings.ReplaceAll(service, "/", "-")+"-"+account)
}

func (r folderRing) Get(service, account string) (string, error) {
	raw, err := os.ReadFile(r.path(service, account))
	if errors.Is(err, fs.ErrNotExist) {
		return "", keyring.ErrNotFound
	}
	return string(raw), err
}

func (r folderRing) Set(service, account, secret string) error {
	return os.WriteFile(r.path(service, account), []byte(secret), 0o600)
}

func (r folderRing) Delete(service, account string) error {
	return os.Remove(r.path(service, account))
}

func (r folderRing) DeleteAll(service string) error {
	items, err := filepath.Glob(r.path(service, "*"))
	for _, item := range items {
		err = errors.Join(err, os.Remove(item))
	}
	return err
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: setUp, Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"grep-home": grepHomeCommand, "readme": readmeCommand, "terminal": terminalCommand, "tenant": tenantCommand, "type-code": typeCodeCommand, "status": statusCommand, "await": awaitCommand, "running": runningCommand,
		},
	})
}

// setUp gives every script a tenant of its own and a home without anything in
// it.
func setUp(e *testscript.Env) error {
	ctx, stop := context.WithCancel(context.Background())
	st, err := startStage(ctx, System(), &globals{}, stageOptions{})
	if err != nil {
		stop()
		return err
	}
	e.Defer(func() { st.close(); stop() })
	e.Values["stage"] = st
	if err := st.tenant.AddUser("eve@contoso.example", "another password", "Eve"); err != nil {
		return err
	}
	for name, value := range st.variables() {
		e.Setenv(name, value)
	}
	ring := filepath.Join(e.WorkDir, "ring")
	home := filepath.Join(e.WorkDir, "home")
	if err := errors.Join(os.Mkdir(ring, 0o700), os.Mkdir(home, 0o700)); err != nil {
		return err
	}
	e.Setenv("HOME", home)
	e.Setenv("TEST_KEYRING", ring)
	e.Setenv("DBUS_SESSION_BUS_ADDRESS", os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	e.Setenv("TEST_BROWSER", "none")
	e.Setenv("GORACE", "atexit_sleep_ms=0")
	e.Setenv("TENANT_ID_OF_STAGE", st.facts.TenantID)
	e.Setenv("SERVE_SECRET", st.facts.MidTierSecret)
	return nil
}

// tenantCommand tells the tenant what to do next.
func tenantCommand(ts *testscript.TestScript, neg bool, args []string) {
	st, ok := ts.Value("stage").(*stage)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf("usage: tenant fail-next PART STATUS | reset-next PART | policy on|off | consent on|off | revoke | asked PART COUNT")
	}
	switch args[0] {
	case "fail-next":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		for range 5 { // more than any retry
			st.tenant.FailNext(sandbox.Fault{Part: args[1], Status: status})
		}
	case "policy":
		ts.Check(st.tenant.SetPolicy(args[1] == "on"))
	case "consent":
		ts.Check(st.tenant.SetConsent(args[1] == "on"))
	case "revoke":
		ts.Check(st.tenant.RevokeSessions(st.facts.User))
	case "down":
		st.close()
	default:
		ts.Fatalf("tenant: no such order: %s", args[0])
	}
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

// condition tells whether this session has a keyring. Where one is required,
// the script that wants it runs, and fails without.
func condition(name string) (bool, error) {
	if name != "keyring" {
		return false, fmt.Errorf("no such condition: %s", name)
	}
	return os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" || os.Getenv("PROFILECTL_TEST_REQUIRE") != "", nil
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

var devicePrompt = regexp.MustCompile(`page  (\S+)\n  code  (\S+)\n`)

// typeCodeCommand waits until a command has written its device prompt to a file
// and does what it says, on another device.
func typeCodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: type-code FILE")
	}
	var prompt []string
	for deadline := time.Now().Add(20 * time.Second); prompt == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("no prompt:\n%s", ts.ReadFile(args[0]))
		}
		if raw, err := os.ReadFile(ts.MkAbs(args[0])); err == nil {
			prompt = devicePrompt.FindStringSubmatch(string(raw))
		}
	}
	browser, err := robot.New(robot.Person{
		Email: ts.Getenv("SANDBOX_USER"), Password: ts.Getenv("SANDBOX_PASSWORD"),
		Code: func(ctx context.Context) (string, error) { return newestCode(ctx, ts.Getenv("SANDBOX_MAILBOX")) },
	}, nil)
	ts.Check(err)
	browser.UserCode = prompt[2]
	_, err = browser.Open(context.Background(), prompt[1])
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
