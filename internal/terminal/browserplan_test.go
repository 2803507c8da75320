package terminal_test

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/terminal"
)

// planCase is a machine and how it opens a page.
type planCase struct {
	name         string
	capabilities terminal.Capabilities
	getenv       func(string) string
	found        []string // the commands that exist
	want         terminal.Plan
}

// check compares the plan of the machine.
func (c planCase) check(t *testing.T) {
	t.Helper()
	o := terminal.Opener{Capabilities: c.capabilities, Getenv: c.getenv, Self: []string{"self"}}
	o.LookPath = func(command string) (string, error) {
		if slices.Contains(c.found, command) {
			return command, nil
		}
		return "", exec.ErrNotFound
	}
	got := o.Plan(page)
	if len(got.Commands) > 0 {
		got.Why = ""
	}
	if !reflect.DeepEqual(got, c.want) {
		t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
	}
}

// runs returns the plan that tries commands.
func runs(commands ...[]string) terminal.Plan {
	var plan terminal.Plan
	for _, argv := range commands {
		plan.Commands = append(plan.Commands, terminal.Command{Argv: argv, Self: argv[0] == "self"})
	}
	return plan
}

func TestOpenerPlanFollowsTheUser(t *testing.T) {
	const spaced = "/mnt/c/Program Files/Mozilla Firefox/firefox.exe"
	for _, c := range []planCase{
		{
			name:   "no choice: the program itself, without the address in argv",
			getenv: env(),
			want:   runs([]string{"self"}),
		},
		{
			name:   "the browser is switched off",
			getenv: env("PROFILECTL_BROWSER", "none"),
			want:   terminal.Plan{Why: "the browser is switched off"},
		},
		{
			name:   "a list, in its order, without what does not exist",
			getenv: env("BROWSER", list("firefox --new-tab", "missing", " ", "lynx")),
			found:  []string{"firefox", "lynx"},
			want:   runs([]string{"firefox", "--new-tab", page}, []string{"lynx", page}),
		},
		{
			name:   "a list in which nothing exists",
			getenv: env("BROWSER", list("firefox", "lynx")),
			want:   terminal.Plan{Why: "the command in BROWSER does not exist: firefox, lynx"},
		},
		{
			name:   "placeholders for the address",
			getenv: env("BROWSER", "open %s --title=%s now"),
			found:  []string{"open"},
			want:   runs([]string{"open", page, "--title=" + page, "now"}),
		},
		{
			name:   "a command for the background of a shell",
			getenv: env("BROWSER", "firefox %s &"),
			found:  []string{"firefox"},
			want:   runs([]string{"firefox", page}),
		},
		{
			name:   "PROFILECTL_BROWSER overrides BROWSER",
			getenv: env("BROWSER", "a", "PROFILECTL_BROWSER", "b"),
			found:  []string{"a", "b"},
			want:   runs([]string{"b", page}),
		},
		{
			name:   "a path with blanks",
			getenv: env("BROWSER", spaced),
			found:  []string{spaced},
			want:   runs([]string{spaced, page}),
		},
		{
			name:   "a path with blanks, and arguments",
			getenv: env("BROWSER", spaced+" --private-window %s"),
			found:  []string{spaced},
			want:   runs([]string{spaced, "--private-window", page}),
		},
		{
			name:   "a path with blanks in quotes",
			getenv: env("BROWSER", `"`+spaced+`" -P 'my profile'`),
			found:  []string{spaced},
			want:   runs([]string{spaced, "-P", "my profile", page}),
		},
		{
			name:   "a path with escaped blanks",
			getenv: env("BROWSER", `/mnt/c/Program\ Files/Mozilla\ Firefox/firefox.exe`),
			found:  []string{spaced},
			want:   runs([]string{spaced, page}),
		},
		{
			name:   "a path with the separator of lists",
			getenv: env("BROWSER", "/opt/a:b/browser"),
			found:  []string{"/opt/a:b/browser"},
			want:   runs([]string{"/opt/a:b/browser", page}),
		},
		{
			name:   "a path of Windows",
			getenv: env("PROFILECTL_BROWSER", `C:\browsers\edge.exe --new`),
			found:  []string{`C:\browsers\edge.exe`},
			want:   runs([]string{`C:\browsers\edge.exe`, "--new", page}),
		},
		{
			name:   "cmd of Windows, which would run parts of the address",
			getenv: env("BROWSER", "cmd.exe /c start"),
			found:  []string{"cmd.exe"},
			want: terminal.Plan{
				Why: "the command in BROWSER runs cmd, which reads the & in the address as its own",
			},
		},
		{
			name:   "a batch file of Windows, and another command",
			getenv: env("BROWSER", list("open.BAT", "lynx")),
			found:  []string{"open.BAT", "lynx"},
			want:   runs([]string{"lynx", page}),
		},
	} {
		c.capabilities = terminal.Capabilities{Display: true}
		c.check(t)
	}
}

func TestOpenerPlanFitsTheMachine(t *testing.T) {
	ssh := terminal.Capabilities{SSH: true, Display: true}
	withDisplay := terminal.Capabilities{Container: true, Display: true}
	for _, c := range []planCase{
		{
			name: "no display",
			want: terminal.Plan{Why: "there is no graphical session"},
		},
		{
			name:         "an SSH session",
			capabilities: ssh,
			want:         terminal.Plan{Why: "this is an SSH session without a display"},
		},
		{
			name:         "an SSH session with a forwarded display",
			capabilities: ssh,
			getenv:       env("DISPLAY", ":10"),
			want:         runs([]string{"self"}),
		},
		{
			name:         "a container",
			capabilities: terminal.Capabilities{Container: true},
			found:        []string{"xdg-open"},
			want:         terminal.Plan{Why: "there is no browser in a container"},
		},
		{
			name:         "a container with a display, but without an opener",
			capabilities: withDisplay,
			want:         terminal.Plan{Why: "there is no browser in a container"},
		},
		{
			name:         "a container with a display and an opener",
			capabilities: withDisplay,
			found:        []string{"xdg-open"},
			want:         runs([]string{"self"}),
		},
		{
			name:         "Distrobox",
			capabilities: withDisplay,
			found:        []string{"distrobox-host-exec", "xdg-open"},
			want:         runs([]string{"self"}, []string{"distrobox-host-exec", "xdg-open", page}),
		},
		{
			name:         "Toolbox without an opener",
			capabilities: withDisplay,
			found:        []string{"flatpak-spawn"},
			want:         runs([]string{"flatpak-spawn", "--host", "xdg-open", page}),
		},
	} {
		if c.getenv == nil {
			c.getenv = env()
		}
		c.check(t)
	}
}

func TestOpenerPlanOpensTheBrowserOfWindowsFromWSL(t *testing.T) {
	const inWindows = "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
	start := func(powershell string) []string {
		return []string{
			powershell, "-NoProfile", "-NonInteractive", "-Command",
			"Start-Process 'http://localhost:1/a?b=c&d=$(e)''f'''",
		}
	}
	for _, c := range []planCase{
		{
			name:         "with wslview",
			capabilities: terminal.Capabilities{WSL: true},
			found:        []string{"wslview", "powershell.exe"},
			want:         runs([]string{"wslview", page}, start("powershell.exe")),
		},
		{
			name:         "without wslview",
			capabilities: terminal.Capabilities{WSL: true},
			found:        []string{"powershell.exe", inWindows},
			want:         runs(start("powershell.exe")),
		},
		{
			name:         "without the PATH of Windows",
			capabilities: terminal.Capabilities{WSL: true},
			found:        []string{inWindows},
			want:         runs(start(inWindows)),
		},
		{
			name:         "without Windows, but with a browser of its own",
			capabilities: terminal.Capabilities{WSL: true, Display: true},
			found:        []string{"xdg-open"},
			want:         runs([]string{"self"}),
		},
		{
			name:         "with nothing",
			capabilities: terminal.Capabilities{WSL: true},
			want: terminal.Plan{
				Why: "WSL finds neither wslview nor powershell.exe to open the browser of Windows",
			},
		},
		{
			name:         "over SSH, where the user does not see Windows",
			capabilities: terminal.Capabilities{WSL: true, SSH: true},
			found:        []string{"powershell.exe"},
			want:         terminal.Plan{Why: "this is an SSH session without a display"},
		},
	} {
		c.getenv = env()
		c.check(t)
	}
}

func TestOpenerTriesTheNextCommand(t *testing.T) {
	t.Setenv("TEST_BROWSER", "fail")
	failed := make(chan error, 1)
	o := terminal.Opener{
		Getenv: env("BROWSER", list(os.Args[0]+" first %s", os.Args[0]+" second %s")),
		Failed: func(err error) { failed <- err },
	}
	if err := o.Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil || err.Error() != "exit status 6" {
		t.Errorf("the last command failed with %v", err)
	}
}

// list returns commands as the value of BROWSER.
func list(commands ...string) string { return strings.Join(commands, string(os.PathListSeparator)) }
