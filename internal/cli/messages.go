package cli

import (
	"errors"
	"strconv"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
)

// say prints a message for the user that is not a result.
func (s *session) say(format string, args ...any) { s.progress.say(format, args...) }

// warnNotSaved warns that the token store could not keep a new sign-in.
func (s *session) warnNotSaved(t auth.Token) {
	if f, ok := errors.AsType[*fault.Error](t.NotSaved); ok {
		const format = "the sign-in could not be saved and ends with this command: %s\n  fix: %s"
		s.progress.warn(format, f.What, s.globals.fix(f))
	}
}

// wrapWidth returns the width at which text is broken: that of a terminal, and 0 elsewhere.
func wrapWidth(isTerminal bool, width int) int {
	if !isTerminal {
		return 0
	}
	return width
}

// quote makes foreign text safe inside a message.
func quote(s string) string {
	const most = 64
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}
