package command

import (
	"errors"
	"fmt"
	"os"
)

// ErrInterrupted is the cause of a context that the user canceled. It leads to exit code 130.
var ErrInterrupted = errors.New("interrupted")

// Interrupted is the ErrInterrupted of a signal.
type Interrupted struct{ Signal os.Signal }

// Error names the signal, for logs.
func (i Interrupted) Error() string { return "interrupted by " + i.Signal.String() }

// Is reports whether target is ErrInterrupted.
func (Interrupted) Is(target error) bool { return target == ErrInterrupted }

// ExitStatus passes on the exit code of a program that a command ran.
type ExitStatus int

// Error returns the status as text for logs. It is not shown to the user.
func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
