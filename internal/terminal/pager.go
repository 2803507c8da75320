package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Pager shows text that is longer than the terminal, as git does. $PAGER is a shell command
// line; without it, the pager is less if that is installed. There is no pager if $PAGER is
// empty or cat, and if Capabilities describe no user at a terminal.
type Pager struct {
	Capabilities Capabilities
	Environ      []string // variables in the form NAME=value
	Stdout       io.Writer
	Stderr       io.Writer
}

// Show writes the text to the pager and waits until the user closes it, or writes it to
// Stdout. A user who closes the pager before its end has read enough, which is no error. It
// returns a Usage fault if the pager cannot be started.
func (p Pager) Show(text []byte) error {
	command := p.commandLine(text)
	if command == "" {
		_, err := p.Stdout.Write(text)
		return err
	}
	c := pagerCommand(command)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(text), p.Stdout, p.Stderr
	c.Env = p.environment()
	// less keeps running when the user presses Ctrl-C, so this process waits for it.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	err := c.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	const notFound = 127 // the exit status of a shell that does not find a command
	if err == nil || exited && exit.ExitCode() != notFound {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("the pager %q cannot be started", command),
		Fix:  "set PAGER to the command of your pager, or to cat",
		Err:  err,
	}
}

// commandLine returns the command of the pager, or "" if the text needs none.
func (p Pager) commandLine(text []byte) string {
	c := p.Capabilities
	if !c.StdoutTTY || !c.Interactive || bytes.Count(text, []byte("\n")) < c.Height {
		return ""
	}
	command, ok := p.lookup("PAGER")
	if !ok {
		if _, err := exec.LookPath("less"); err == nil {
			return "less"
		}
		return ""
	}
	command = strings.TrimSpace(command)
	if command == "cat" {
		return ""
	}
	return command
}

// environment adds the options that git sets for less and lv, unless the user has set
// others.
func (p Pager) environment() []string {
	variables := slices.Clone(p.Environ)
	if _, ok := p.lookup("LESS"); !ok {
		variables = append(variables, "LESS=FRX")
	}
	if _, ok := p.lookup("LV"); !ok {
		variables = append(variables, "LV=-c")
	}
	return variables
}

// lookup returns the value of a variable, and whether it is set.
func (p Pager) lookup(name string) (value string, ok bool) {
	for _, variable := range p.Environ {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
