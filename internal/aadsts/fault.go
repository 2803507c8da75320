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
	f := m.fault(what)
	f.Err, f.CorrelationID = e, e.CorrelationID
	return f
}

// fault returns a fault with the kind and the remedy of m.
func (m meaning) fault(what string) *fault.Error {
	return &fault.Error{
		Kind:        m.kind,
		What:        what,
		Fix:         m.remedy.fix,
		Next:        m.remedy.next,
		ForOperator: m.remedy.forOperator,
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

// meaning returns the meaning of the code, or else that of the suberror, or else that
// of the OAuth error.
func (e *Error) meaning() meaning {
	code := e.code()
	if m, known := meanings()[code]; known {
		return m
	}
	if m, known := meanings()[codeOfSuberror(e.Suberror)]; known {
		return m
	}
	m := meaningOfOAuth(e.OAuth)
	if code == 0 {
		return m
	}
	lookUp := "look it up at " + Page(code)
	switch m.kind {
	case fault.Unavailable:
		m.remedy.fix += "; if it fails again, " + lookUp
	case fault.Canceled: // access_denied has other causes too, and the code stands for one
		m = meaning{fault.Denied, "the tenant returned " + printable(e.OAuth), byUser(lookUp)}
	default:
		m.remedy = byUser(lookUp)
	}
	return m
}

// codeOfSuberror returns the code with the meaning of a suberror, or 0. Without a code,
// these suberrors say that a sign-in alone does not help (MSAL.NET, MsalError.cs).
func codeOfSuberror(suberror string) int {
	switch suberror {
	case "message_only":
		return 53003
	case "protection_policy_required":
		return 53009
	case "user_password_expired":
		return 50055
	case "consent_required":
		return 65001
	default:
		return 0
	}
}

// meaningOfOAuth returns the meaning of an OAuth error without a known code.
func meaningOfOAuth(oauth string) meaning {
	returned := "the tenant returned " + printable(oauth)
	switch oauth {
	case "temporarily_unavailable", "server_error":
		return meaning{fault.Unavailable, returned, byUser(tryInMinute)}
	case "access_denied", "authorization_declined":
		return meaning{fault.Canceled, "it was canceled in the browser", byUser("run the command again")}
	case "expired_token":
		return meaning{fault.SignIn, "the code has expired", byUser(newCode)}
	case "consent_required": // users of an external tenant cannot consent
		return meanings()[65001]
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
