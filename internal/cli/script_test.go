package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/loopback"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// TestMain lets the test binary run as profilectl itself, with a robot instead of
// a browser and, unless a script chooses the real one, a keyring of files.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"profilectl": func() {
			useConsole()
			env := command.System()
			env.QuickPasswords = true
			if dir := os.Getenv("TEST_KEYRING"); dir != "" {
				env.Keyring = fileKeyring(dir)
			}
			if mode := os.Getenv("TEST_BROWSER"); mode != "real" {
				env.OpenBrowser = robotBrowser(mode)
			}
			// The tests may run in a container; profilectl must not notice.
			env.Container = false
			os.Exit(Run(env, os.Args[1:]))
		},
		"city-editor": setCity,
		"sign-in":     signIn,
		"ctrl-c":      pressCtrlC,
	})
}

// setCity is an editor. It sets the city in the file that its last argument names to the
// argument before, and ends lines as Windows does.
func setCity() {
	file := os.Args[len(os.Args)-1]
	raw, err := os.ReadFile(file)
	text := regexp.MustCompile(`(?m)^city:.*$`).ReplaceAllString(string(raw), "city: "+os.Args[len(os.Args)-2])
	err = errors.Join(err, os.WriteFile(file, []byte(strings.ReplaceAll(text, "\n", "\r\n")), 0o600))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// SignIn is a browser that completes the page that its argument names.
func signIn() {
	transport := sandboxTransport(os.Getenv("SANDBOX_CA_FILE"))
	browser, err := robot.New(robotUser(transport), transport)
	if err == nil {
		_, err = browser.Open(context.Background(), os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// robotUser returns the sandbox's user of the environment.
func robotUser(transport *http.Transport) robot.User {
	return robot.User{
		Email:    os.Getenv("SANDBOX_USER"),
		Password: os.Getenv("SANDBOX_PASSWORD"),
		Name:     "New User",
		Code:     robot.Mailbox(os.Getenv("SANDBOX_MAILBOX"), transport),
	}
}

// robotBrowser returns a function that opens an address as the user that the
// mode names:
//
//	user            completes every page
//	wrong-password  types a wrong password first
//	cancel          cancels the sign-in
//	closed          closes the page without an answer
//	other-user      signs in with another account
//	new-user        signs up if the page allows it, with the attributes of TEST_ATTRIBUTES (a query), and
//	                signs in with that account
//	admin           signs the administrator of an empty tenant in and consents
//	none            reports an error: the command must not open a browser
func robotBrowser(mode string) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		transport := sandboxTransport(os.Getenv("SANDBOX_CA_FILE"))
		user := robotUser(transport)
		switch mode {
		case "user", "person":
		case "wrong-password", "slips":
			user.WrongPasswords = []string{"wrong"}
		case "cancel":
			user.Cancel = true
		case "closed":
			return nil
		case "other-user", "stranger":
			user.Email, user.Password = "eve@contoso.example", "Another password"
		case "new-user", "new":
			user.Email, user.Password = "new@contoso.example", "A new password"
			user.SignUp = strings.Contains(address, "prompt=create")
			user.Attributes, _ = url.ParseQuery(os.Getenv("TEST_ATTRIBUTES"))
		case "admin":
			user.Email, user.Password = os.Getenv("SANDBOX_ADMIN"), os.Getenv("SANDBOX_ADMIN_PASSWORD")
		case "none":
			return errors.New("the command opened a browser, which the script forbids")
		default:
			return fmt.Errorf("unknown TEST_BROWSER mode %q", mode)
		}
		browser, err := robot.New(user, transport)
		if err != nil {
			return err
		}
		go func() { _, _ = browser.Open(ctx, address) }() // a failure shows as a sign-in that times out
		return nil
	}
}

// sandboxTransport returns a transport for a browser that trusts the CA in a file.
func sandboxTransport(caFile string) *http.Transport {
	ca, _ := os.ReadFile(caFile) // without it, only pages over https fail
	return loopback.NewTransport(ca)
}

// fileKeyring is a keyring in a directory. Like a real one, it outlives the
// process.
type fileKeyring string

func (k fileKeyring) path(service, account string) string {
	return filepath.Join(string(k), strings.ReplaceAll(service, "/", "-")+"-"+account)
}

func (k fileKeyring) Get(service, account string) (string, error) {
	raw, err := os.ReadFile(k.path(service, account))
	if errors.Is(err, fs.ErrNotExist) {
		return "", keyring.ErrNotFound
	}
	return string(raw), err
}

func (k fileKeyring) Set(service, account, secret string) error {
	return os.WriteFile(k.path(service, account), []byte(secret), 0o600)
}

func (k fileKeyring) Delete(service, account string) error {
	return os.Remove(k.path(service, account))
}

func (k fileKeyring) DeleteAll(service string) error {
	items, err := filepath.Glob(k.path(service, "*"))
	for _, item := range items {
		err = errors.Join(err, os.Remove(item))
	}
	return err
}

func TestScripts(t *testing.T) {
	var files []string
	// The second directory has the scripts for this system only.
	for _, dir := range []string{"testdata/script/", "testdata/script/" + runtime.GOOS + "/"} {
		found, err := filepath.Glob(dir + "*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	testscript.Run(t, testscript.Params{
		Files:               files, // they are ignored if Dir is set, too
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup:               setUpScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answers":        answersCommand,
			"attributes":     attributesCommand,
			"await":          awaitCommand,
			"block":          blockCommand,
			"browse":         browseCommand,
			"certificate":    certificateCommand,
			"collector":      collectorCommand,
			"copy-block":     copyBlockCommand,
			"documented":     documentedCommand,
			"empty":          emptyCommand,
			"files":          filesCommand,
			"gateway":        gatewayCommand,
			"get":            getCommand,
			"grep-home":      grepHomeCommand,
			"https":          httpsCommand,
			"interrupt":      interruptCommand,
			"keyring":        keyringCommand,
			"lock":           lockCommand,
			"occupy":         occupyCommand,
			"platform-token": platformTokenCommand,
			"preflight":      preflightCommand,
			"ports":          portsCommand,
			"running":        runningCommand,
			"status":         statusCommand,
			"tenant":         tenantCommand,
			"terminal":       terminalCommand,
			"tmux":           tmuxCommand,
			"type-code":      typeCodeCommand,
		},
	})
}

// setUpScript gives a script a tenant of its own and an empty home directory.
func setUpScript(e *testscript.Env) error {
	ctx, stop := context.WithCancel(context.Background())
	p, err := playground.Start(ctx, playground.Options{QuickPasswords: true})
	if err != nil {
		stop()
		return err
	}
	e.Defer(func() {
		p.Close()
		stop()
	})
	e.Values["playground"] = p
	e.Values["state"] = &scriptState{}
	if err := p.Tenant.AddUser("eve@contoso.example", "Another password", "Eve"); err != nil {
		return err
	}
	for name, value := range p.Variables() {
		e.Setenv(name, value)
	}
	ring := filepath.Join(e.WorkDir, "ring")
	home := filepath.Join(e.WorkDir, "home")
	if err := errors.Join(os.Mkdir(ring, 0o700), os.Mkdir(home, 0o700)); err != nil {
		return err
	}
	e.Setenv("HOME", home)
	e.Setenv("AppData", filepath.Join(home, ".config")) // on Windows, where Unix has the files
	e.Setenv("LocalAppData", filepath.Join(home, ".local", "state"))
	e.Setenv("TEST_KEYRING", ring)
	e.Setenv("DBUS_SESSION_BUS_ADDRESS", os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	e.Setenv("TEST_BROWSER", "none")
	e.Setenv("GORACE", "atexit_sleep_ms=0")
	if cache, err := goCache(); err == nil { // it is an error if the home directory is unknown
		e.Setenv("GOCACHE", cache)
	}
	e.Setenv("TENANT_HOST", tenantHost(p))
	e.Setenv("SERVE_SECRET", p.Facts.MidTierSecret)
	return nil
}

// goCache returns the build cache of the go command that runs the tests.
func goCache() (string, error) {
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "go-build"), err
}

func tenantHost(p *playground.Playground) string {
	host := strings.TrimPrefix(p.Facts.Authority, "https://")
	return strings.TrimSuffix(host, "/"+p.Facts.TenantID)
}

// scriptCondition reports whether a keyring or a terminal emulator is available
// to the tests. With PROFILECTL_TEST_REQUIRE both always count as available, so
// that a script fails without them instead of skipping.
func scriptCondition(name string) (bool, error) {
	required := os.Getenv("PROFILECTL_TEST_REQUIRE") != ""
	switch name {
	case "keyring":
		return required || runtime.GOOS == "windows" || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "", nil
	case "wine":
		return os.Getenv("PROFILECTL_TEST_WINE") != "", nil
	case "tmux":
		_, err := exec.LookPath("tmux")
		return required || err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}
