package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/pkg/browser"
)

// Opener opens a page in the person's browser: never waiting for it, never
// writing to our output, and so that our Ctrl-C does not reach it.
type Opener struct {
	Facts  Facts
	Getenv func(string) string
	// Self is our own program, which opens the platform's browser in a process
	// of its own, with OpenHere.
	Self []string
	// Failed is called when the opener gives up within two seconds.
	Failed func(error)
}

// Plan is how a page would be opened.
type Plan struct {
	Argv []string // the command; nil where none can
	Self bool     // the command is ourselves and reads the address from its input
	Why  string   // why none can, for the person
}

// quickEnd is how soon an opener that cannot open anything has given up.
const quickEnd = 2 * time.Second

// Plan decides what to run for an address. A person's own choice comes first;
// then what is known to fail is avoided: a text browser in an SSH session, a
// container, a machine without a display.
func (o Opener) Plan(address string) Plan {
	choice := o.Getenv("PROFILECTL_BROWSER")
	if choice == "" {
		choice, _, _ = strings.Cut(o.Getenv("BROWSER"), ":")
	}
	switch {
	case choice == "none":
		return Plan{Why: "the browser is switched off"}
	case choice != "":
		return Plan{Argv: command(choice, address)}
	case o.Facts.WSL:
		return o.windowsFromWSL(address)
	case o.Facts.Container:
		return Plan{Why: "there is no browser in a container"}
	case o.Facts.SSH && o.Getenv("DISPLAY") == "":
		return Plan{Why: "this is an SSH session without a display"}
	case !o.Facts.Display:
		return Plan{Why: "there is no graphical session"}
	}
	return Plan{Argv: o.Self, Self: true}
}

// command splits a configured command at its spaces and puts the address where
// %s stands, or last. No shell reads it.
func command(choice, address string) []string {
	argv := strings.Fields(choice)
	for i, word := range argv {
		if strings.Contains(word, "%s") {
			argv[i] = strings.ReplaceAll(word, "%s", address)
			return argv
		}
	}
	return append(argv, address)
}

// windowsFromWSL reaches the Windows side: with wslview where it is installed,
// else with PowerShell, whose single quotes take everything but themselves
// literally.
func (o Opener) windowsFromWSL(address string) Plan {
	if path, err := exec.LookPath("wslview"); err == nil {
		return Plan{Argv: []string{path, address}}
	}
	quoted := "'" + strings.ReplaceAll(address, "'", "''") + "'"
	return Plan{Argv: []string{"powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Start-Process " + quoted}}
}

// Open opens the address, or returns why it cannot. Only web addresses are
// opened.
func (o Opener) Open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("open browser: not a web address")
	}
	plan := o.Plan(address)
	if plan.Argv == nil {
		return errors.New(plan.Why)
	}
	c := exec.Command(plan.Argv[0], plan.Argv[1:]...) //nolint:noctx // the browser outlives this process
	c.SysProcAttr = detached()
	if plan.Self {
		c.Stdin = bytes.NewBufferString(address)
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("open browser: %w", err)
	}
	go o.watch(ctx, c)
	return nil
}

// watch reports an opener that fails at once; one that runs on is a browser.
func (o Opener) watch(ctx context.Context, c *exec.Cmd) {
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil && o.Failed != nil {
			o.Failed(err)
		}
	case <-time.After(quickEnd):
	case <-ctx.Done():
	}
}

// OpenHere opens the address with the platform's opener and waits for that to
// return. It is what Opener runs in a process of its own: the library runs some
// browsers in the foreground and prints what they print.
func OpenHere(from io.Reader) error {
	const longest = 16 << 10
	raw, err := io.ReadAll(io.LimitReader(from, longest))
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	u, err := url.Parse(strings.TrimSpace(string(raw)))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("open browser: not a web address")
	}
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	if err := browser.OpenURL(u.String()); err != nil {
		return fmt.Errorf("open browser: %w", err)
	}
	return nil
}
