package cli

import (
	"errors"
	"fmt"
)

// errInterrupted is the cause of a context that a signal canceled. It leads to
// exit code 130.
var errInterrupted = errors.New("interrupted")

// exitStatus passes on the exit code of a program that a command ran.
type exitStatus int

// Error returns the status as text for logs. It is not shown to the user.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
