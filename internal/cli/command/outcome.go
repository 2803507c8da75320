package command

import (
	"context"
	"fmt"
	"os"
)

// ErrInterrupted is the cause of a context that the user canceled. It leads to exit code 130. It
// is a context.Canceled, because requests fail with the cause.
var ErrInterrupted = fmt.Errorf("interrupted: %w", context.Canceled)

// Interrupted is the ErrInterrupted of a signal.
type Interrupted struct{ Signal os.Signal }

// Error names the signal, for logs.
func (i Interrupted) Error() string { return "interrupted by " + i.Signal.String() }

// Unwrap returns ErrInterrupted.
func (Interrupted) Unwrap() error { return ErrInterrupted }

// ExitStatus passes on the exit code of a program that a command ran.
type ExitStatus int

// Error returns the status as text for logs. It is not shown to the user.
func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
