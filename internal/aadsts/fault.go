package aadsts

import (
	"fmt"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Fault returns e as a fault, with e as its cause; doing completes "cannot …",
// such as "sign in". The first known code decides the words, or else the OAuth
// error.
func (e *Error) Fault(doing string) *fault.Error {
	m := e.meaning()
	what := fmt.Sprintf("cannot %s: %s", doing, m.what)
	if code := e.code(); code != 0 {
		what = fmt.Sprintf("%s (AADSTS%d)", what, code)
	}
	return &fault.Error{
		Kind:          m.kind,
		What:          what,
		Fix:           m.remedy.fix,
		Next:          m.remedy.next,
		ForOperator:   m.remedy.forOperator,
		Err:           e,
		CorrelationID: e.CorrelationID,
	}
}

// code returns the first code with a known meaning, or else the first code, or 0.
func (e *Error) code() int {
	for _, code := range e.Codes {
		if _, known := meanings()[code]; known {
			return code
		}
	}
	if len(e.Codes) > 0 {
		return e.Codes[0]
	}
	return 0
}

// meaning returns the meaning of the code, or else that of the OAuth error.
func (e *Error) meaning() meaning {
	if m, known := meanings()[e.code()]; known {
		return m
	}
	returned := "the tenant returned " + printable(e.OAuth)
	switch e.OAuth {
	case "temporarily_unavailable", "server_error":
		return meaning{fault.Unavailable, returned, byUser("try again in a minute")}
	case "access_denied":
		return meaning{fault.Canceled, "it was canceled in the browser", byUser("run the command again")}
	case "invalid_grant", "interaction_required", "login_required":
		return meaning{fault.SignIn, returned, signIn()}
	default:
		return meaning{fault.Denied, returned, byUser("try again; if it fails again, " + askAdmin)}
	}
}

// printable returns s if it has the form of an OAuth error code. The rest of a
// response may hold anything, so no other text gets into a message.
func printable(s string) string {
	const (
		maxLength = 64
		allowed   = "abcdefghijklmnopqrstuvwxyz_"
	)
	unusual := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	if len(s) > maxLength || strings.ContainsFunc(s, unusual) {
		return "an unknown error"
	}
	return s
}
