package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zalando/go-keyring"

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
			env.Exists = func(string) bool { return false } // the marks of a container, which tests may run in
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
			Code: robot.Mailbox(os.Getenv("SANDBOX_MAILBOX")),
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
			person.Email, person.Password = "new@contoso.example", "a new password"
			person.SignUp = strings.Contains(address, "prompt=create")
		}
		browser, err := robot.New(person, nil)
		if err != nil {
			return err
		}
		go func() { _, _ = browser.Open(ctx, address) }() // a failure shows as a sign-in that times out
		return nil
	}
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
			"await": awaitCommand, "browse": browseCommand, "certificate": certificateCommand, "collector": collectorCommand, "documented": documentedCommand, "grep-home": grepHomeCommand, "interrupt": interruptCommand, "keyring": keyringCommand, "lock": lockCommand,
			"occupy": occupyCommand, "platform-token": platformTokenCommand, "ports": portsCommand, "readme": readmeCommand, "running": runningCommand, "status": statusCommand, "tenant": tenantCommand,
			"terminal": terminalCommand, "tmux": tmuxCommand, "type-code": typeCodeCommand,
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
	e.Values["state"] = &scriptState{}
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
	e.Setenv("TENANT_HOST", strings.TrimSuffix(strings.TrimPrefix(st.facts.Authority, "https://"), "/"+st.facts.TenantID))
	e.Setenv("TENANT_ID_OF_STAGE", st.facts.TenantID)
	e.Setenv("SERVE_SECRET", st.facts.MidTierSecret)
	return nil
}

// condition tells whether this session has a keyring, or a terminal emulator.
// Where it is required, the script that wants it runs, and fails without.
func condition(name string) (bool, error) {
	required := os.Getenv("PROFILECTL_TEST_REQUIRE") != ""
	switch name {
	case "keyring":
		return required || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "", nil
	case "tmux":
		_, err := exec.LookPath("tmux")
		return required || err == nil, nil
	}
	return false, fmt.Errorf("no such condition: %s", name)
}
