// Package fault holds the one error that a person or a caller may see.
//
// Inside a package, errors are wrapped with what was being done. At the edge
// of a package, where the meaning is known, the error becomes an Error, once;
// from there it travels unchanged to the place that prints it (package cli) or
// answers with it (package problem).
package fault

import (
	"errors"
	"fmt"
	"time"
)

// A Kind says who has to act. It decides the exit code and the HTTP status.
type Kind int

// The kinds. Every table that maps them is complete, by test.
const (
	Internal    Kind = iota // a bug, or a failure nobody foresaw
	Usage                   // the command line or the configuration is wrong; nothing was sent
	Invalid                 // a value breaks its rule; nothing was sent
	SignIn                  // nobody is signed in, or the sign-in has ended
	StepUp                  // a second factor is needed and cannot be asked for here
	Denied                  // policy, consent or permission says no
	Unavailable             // temporarily out of order; trying again may help
	Conflict                // somebody else changed the same thing meanwhile
	Canceled                // the person stopped it
)

// Kinds returns every Kind, for tables that must be complete.
func Kinds() []Kind {
	return []Kind{Internal, Usage, Invalid, SignIn, StepUp, Denied, Unavailable, Conflict, Canceled}
}

// String returns the kind's code as scripts see it in JSON. Codes never change.
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
	default:
		return "internal"
	}
}

// Error is what failed, and what to do next. What and Fix are for people: they
// hold no package names, no Go errors, no secrets and no personal data.
type Error struct {
	Kind Kind
	// What happened, and why, in the user's words; no capital, no full stop.
	What string
	// Fix is the next step in words that fit every reader: it names a setting or
	// an action, never a command or a flag. Only an Internal error, or one that
	// has a Next, may leave it empty.
	Fix string
	// Next is a step that follows Fix, or is the whole fix if Fix is empty.
	// Package cli turns it into a command for the current tenant and account.
	Next Action
	// Setting is the name of the configuration setting that Fix says to change,
	// or empty. Package cli adds the command that changes it.
	Setting string
	// ForOperator reports whether only the operator of the mid-tier can act on
	// Fix: a credential, a consent or a registration. Package serve logs such a
	// fix and gives the caller a neutral message instead.
	ForOperator bool
	// Err is the cause, for the log and errors.Is; it is never shown.
	Err error
	// CorrelationID finds the failed request in Entra's or Graph's own logs,
	// where one gave an id.
	CorrelationID string
	// RetryAfter is how long to wait before trying again; zero where nobody said.
	RetryAfter time.Duration
}

var _ error = (*Error)(nil)

// Error joins what failed and its cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	return fmt.Sprintf("%s: %v", e.What, e.Err)
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Err }

// As returns the first Error in err's chain, or an Internal one around err.
func As(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, What: "something went wrong inside profilectl", Err: err}
}

// Reworded returns a copy of e with another What, and e as its cause. Kind, fix
// and correlation id stay, so that more context costs the user nothing.
func (e *Error) Reworded(what string) *Error {
	reworded := *e
	reworded.What, reworded.Err = what, e
	return &reworded
}
