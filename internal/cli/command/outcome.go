package command

import (
	"errors"
	"fmt"
)

// ErrInterrupted is the cause of a context that a signal canceled. It leads to
// exit code 130.
var ErrInterrupted = errors.New("interrupted")

// ExitStatus passes on the exit code of a program that a command ran.
type ExitStatus int

// Error returns the status as text for logs. It is not shown to the user.
func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
