package session

import (
	"errors"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

// Say prints a message for the user that is not a result.
func (s *Session) Say(format string, args ...any) { s.Progress.Say(format, args...) }

// WarnNotSaved warns that the token store could not keep a new sign-in.
func (s *Session) WarnNotSaved(t auth.Token) {
	if f, ok := errors.AsType[*fault.Error](t.NotSaved); ok {
		const format = "the sign-in could not be saved and ends with this command: %s\n  fix: %s"
		s.Progress.Warn(format, f.What, s.Globals.Fix(f))
	}
}

// Print reports a result: as data if a format was requested, otherwise as a
// sentence on standard error.
func (s *Session) Print(v any, sentence string) error {
	if s.Printer.Plain() {
		s.Say("%s", sentence)
		return nil
	}
	return s.Printer.Print(v, output.Table{})
}
