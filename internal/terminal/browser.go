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

// Opener opens pages in the user's browser. The browser runs detached: Opener does
// not wait for it, its output is discarded, and Ctrl-C does not end it.
type Opener struct {
	Capabilities Capabilities
	Getenv       func(string) string
	// Self is the command that runs OpenHere in a process of its own. It reads
	// the address from its standard input.
	Self []string
	// Failed is called if the browser's command fails within two seconds.
	Failed func(error)
}

// Plan says how a page is opened.
type Plan struct {
	Argv []string // the command; nil if there is none
	Self bool     // Argv is Opener.Self, which reads the address from its input
	Why  string   // why there is no command, as a clause for the user
}

// failsWithin is how soon a command that cannot open a browser has failed.
const failsWithin = 2 * time.Second

// Plan returns the command that opens an address. The user's choice comes first:
// PROFILECTL_BROWSER, then BROWSER. After that, it rules out what is known to fail:
// a text browser in an SSH session, a container, and a machine without a display.
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
	case o.Capabilities.WSL:
		return o.windowsFromWSL(address)
	case o.Capabilities.Container:
		return Plan{Why: "there is no browser in a container"}
	case o.Capabilities.SSH && o.Getenv("DISPLAY") == "":
		return Plan{Why: "this is an SSH session without a display"}
	case !o.Capabilities.Display:
		return Plan{Why: "there is no graphical session"}
	}
	return Plan{Argv: o.Self, Self: true}
}

// command splits a configured command at its spaces and inserts the address in
// place of the first %s, or at the end. No shell is involved.
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

// windowsFromWSL opens the browser of the Windows host with wslview, or with
// PowerShell if wslview is not installed. Inside single quotes, PowerShell takes
// every character literally except a single quote, which is doubled.
func (o Opener) windowsFromWSL(address string) Plan {
	if path, err := exec.LookPath("wslview"); err == nil {
		return Plan{Argv: []string{path, address}}
	}
	quoted := "'" + strings.ReplaceAll(address, "'", "''") + "'"
	return Plan{Argv: []string{
		"powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Start-Process " + quoted,
	}}
}

// Open starts the browser and returns, or returns why there is none. It opens only
// http and https addresses.
func (o Opener) Open(ctx context.Context, address string) error {
	if _, err := parseWebAddress(address); err != nil {
		return err
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

// watch reports a command that fails at once. One that keeps running is a browser.
func (o Opener) watch(ctx context.Context, c *exec.Cmd) {
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil && o.Failed != nil {
			o.Failed(err)
		}
	case <-time.After(failsWithin):
	case <-ctx.Done():
	}
}

// OpenHere reads an address and opens it with the platform's opener, whose output
// it discards. It returns when the opener does, and some openers run the browser in
// the foreground. Opener therefore runs OpenHere in a process of its own.
func OpenHere(from io.Reader) error {
	const longest = 16 << 10
	raw, err := io.ReadAll(io.LimitReader(from, longest))
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	address, err := parseWebAddress(strings.TrimSpace(string(raw)))
	if err != nil {
		return err
	}
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	if err := browser.OpenURL(address.String()); err != nil {
		return fmt.Errorf("open browser: %w", err)
	}
	return nil
}

func parseWebAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("open browser: not a web address")
	}
	return u, nil
}
