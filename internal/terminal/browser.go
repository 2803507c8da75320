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
	// LookPath finds a command; nil is exec.LookPath.
	LookPath func(command string) (path string, err error)
	// Failed is called if the last command of the plan fails within two seconds.
	Failed func(error)
}

// failsWithin is how soon a command that cannot open a browser has failed.
const failsWithin = 2 * time.Second

// Open starts the browser and returns, or returns why there is none. It opens only
// http and https addresses. If a command fails, the next one of the plan is tried.
func (o Opener) Open(ctx context.Context, address string) error {
	if _, err := parseWebAddress(address); err != nil {
		return err
	}
	plan := o.Plan(address)
	if len(plan.Commands) == 0 {
		return errors.New(plan.Why)
	}
	return o.start(ctx, plan.Commands, address)
}

// start starts the first command that can be started.
func (o Opener) start(ctx context.Context, commands []Command, address string) error {
	var failed error
	for i, command := range commands {
		c := exec.Command(command.Argv[0], command.Argv[1:]...) //nolint:noctx // the browser outlives this process
		c.SysProcAttr = detached()
		if command.Self {
			c.Stdin = bytes.NewBufferString(address)
		}
		if err := c.Start(); err != nil {
			failed = fmt.Errorf("%s cannot be started: %w", command.Argv[0], err)
			continue
		}
		go o.watch(ctx, c, commands[i+1:], address)
		return nil
	}
	return failed
}

// watch waits for a command that fails at once, and then starts one of the others. A
// command that keeps running is a browser.
func (o Opener) watch(ctx context.Context, c *exec.Cmd, others []Command, address string) {
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err == nil || len(others) > 0 && o.start(ctx, others, address) == nil {
			return
		}
		if o.Failed != nil {
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
