// Package fault defines the error that users and API callers see.
//
// Inside a package, errors are wrapped with what was being done. At the edge of a
// package, where the meaning is known, the error becomes an Error, once. From there it is
// returned unchanged to the code that prints it (package cli) or sends it as a response
// (package problem).
package fault

import (
	"errors"
	"fmt"
	"time"
)

// A Kind classifies errors by who has to act. It determines the exit code and the HTTP
// status.
type Kind int

// The kinds. Tests check that every table of them is complete.
const (
	Internal    Kind = iota // a bug, or a failure that was not foreseen
	Usage                   // the command line or the configuration is wrong; nothing was sent
	Invalid                 // a value breaks its rule; nothing was sent
	SignIn                  // no user is signed in, or the sign-in has expired
	StepUp                  // a second factor is needed, and the user cannot be asked for it here
	Denied                  // a policy, a missing consent or a missing permission forbids it
	Unavailable             // a temporary failure; retrying may help
	Conflict                // another edit changed the same value meanwhile
	Canceled                // the user canceled it
	Unprinted               // it is done, but the result could not be printed
)

// Kinds returns every Kind, for tables that must be complete.
func Kinds() []Kind {
	return []Kind{Internal, Usage, Invalid, SignIn, StepUp, Denied, Unavailable, Conflict, Canceled, Unprinted}
}

// String returns the code of the kind, as scripts see it in JSON. Codes never change.
func (k Kind) String() string {
	switch k {
	case Usage:
		return "usage"
	case Invalid:
		return "invalid_value"
	case SignIn:
		return "sign_in_required"
	case StepUp:
		return "step_up_required"
	case Denied:
		return "denied"
	case Unavailable:
		return "unavailable"
	case Conflict:
		return "conflict"
	case Canceled:
		return "canceled"
	case Unprinted:
		return "not_printed"
	default:
		return "internal"
	}
}

// Error represents a failure and what to do about it. What and Fix are shown: they
// contain no package names, Go errors, secrets or personal data.
type Error struct {
	Kind Kind
	// What happened, and why, in one clause, in lower case and without a full stop.
	What string
	// Fix is the next step as an imperative that fits users, callers and operators:
	// it names a setting or an action, never a command or a flag. It may be empty
	// only in an Internal error and in one with a Next.
	Fix string
	// Next is the step after Fix, or the whole fix if Fix is empty. Package cli
	// turns it into a command for the current tenant and account.
	Next Action
	// Setting is the name of the setting that Fix says to change, or empty. Package
	// cli adds the command that changes it.
	Setting string
	// ForOperator reports whether only the operator of the mid-tier can act on
	// Fix: a credential, a consent or a registration. Package serve logs such a
	// fix and gives the caller a neutral message instead.
	ForOperator bool
	// Unconfirmed reports whether a change was sent and its outcome is unknown, so that
	// What and Fix are shown even if the user interrupted the command.
	Unconfirmed bool
	// Err is the cause, for logs and errors.Is. It is never shown.
	Err error
	// CorrelationID identifies the failed request in the logs of Entra or Graph. It
	// is empty if the response had none.
	CorrelationID string
	// RetryAfter is the time to wait before a retry. It is zero if the response had
	// none.
	RetryAfter time.Duration
}

var _ error = (*Error)(nil)

// Error returns What and the cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	return fmt.Sprintf("%s: %v", e.What, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As returns the first Error in err's chain, or an Internal one that wraps err.
func As(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, What: "something went wrong inside profilectl", Err: err}
}

// Reworded returns a copy of e with another What and with e as its cause. A package that
// adds context to an error of another package keeps its kind, fix and correlation id.
func (e *Error) Reworded(what string) *Error {
	reworded := *e
	reworded.What, reworded.Err = what, e
	return &reworded
}
