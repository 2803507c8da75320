package cli

import (
	"errors"
	"fmt"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

// say prints a message for the user that is not a result.
func (s *session) say(format string, args ...any) { s.progress.Say(format, args...) }

// warnNotSaved warns that the token store could not keep a new sign-in.
func (s *session) warnNotSaved(t auth.Token) {
	if f, ok := errors.AsType[*fault.Error](t.NotSaved); ok {
		const format = "the sign-in could not be saved and ends with this command: %s\n  fix: %s"
		s.progress.Warn(format, f.What, s.globals.Fix(f))
	}
}

// print reports a result: as data if a format was requested, otherwise as a
// sentence on standard error.
func (s *session) print(v any, sentence string) error {
	if s.printer.Plain() {
		s.say("%s", sentence)
		return nil
	}
	return s.printer.Print(v, output.Table{})
}

// printLine reports a result whose plain form is one line of data.
func (s *session) printLine(v any, line string) error {
	if s.printer.Plain() {
		_, err := fmt.Fprintln(s.env.Stdout, line)
		return err
	}
	return s.printer.Print(v, output.Table{})
}
