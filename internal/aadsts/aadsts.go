// Package aadsts reads the errors of Entra's security token service: the JSON
// body of the token endpoint and the parameters of an authorize answer.
//
// It decides on the machine-readable members (error, suberror, error_codes,
// claims), never on the description, as Microsoft asks ("Microsoft Entra
// authentication and authorization error codes"). The codes decide only which
// words a person reads; those are in the table of this package.
package aadsts

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"github.com/profilectl/profilectl/internal/fault"
)

// maxBody bounds a foreign error body; Entra's have under 2 KB.
const maxBody = 64 << 10

// Error is one refusal.
type Error struct {
	OAuth         string // error, as "invalid_grant"
	Suberror      string // suberror, as "basic_action"
	Codes         []int  // error_codes, as 50076
	Claims        string // the claims request to send along with the next sign-in, a JSON object
	CorrelationID string
}

// Read parses the body of a token endpoint's answer. It returns nil where the
// body is not such an error.
func Read(body io.Reader) *Error {
	var wire struct {
		Error         string `json:"error"`
		Suberror      string `json:"suberror"`
		ErrorCodes    []int  `json:"error_codes"`
		Claims        string `json:"claims"`
		CorrelationID string `json:"correlation_id"`
	}
	if json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&wire) != nil || wire.Error == "" {
		return nil
	}
	e := &Error{OAuth: wire.Error, Suberror: wire.Suberror, Codes: wire.ErrorCodes, CorrelationID: fault.CorrelationID(wire.CorrelationID)}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(wire.Claims), &object) == nil && object != nil {
		e.Claims = wire.Claims
	}
	return e
}

// codeInText is how an authorize answer names its code: it has no error_codes.
var codeInText = regexp.MustCompile(`^AADSTS(\d{5,8})\b`)

// FromRedirect reads the error parameters of an authorize answer (RFC 6749,
// 4.1.2.1). The description only yields the number it begins with, for words.
func FromRedirect(oauth, description string) *Error {
	e := &Error{OAuth: oauth}
	if m := codeInText.FindStringSubmatch(description); m != nil {
		if code, err := strconv.Atoi(m[1]); err == nil {
			e.Codes = []int{code}
		}
	}
	return e
}

// Interactive says that a person at a browser can cure the refusal: the union
// of what MSAL JS, MSAL.NET and Microsoft's documentation list.
func (e *Error) Interactive() bool {
	switch e.OAuth {
	case "interaction_required", "login_required", "consent_required":
		return true
	case "invalid_grant":
		return true // expired, revoked, or refused by policy: a sign-in is the next step in every case
	}
	return false
}

// StepUp says that the refusal asks for a second factor, not merely for a new
// sign-in.
func (e *Error) StepUp() bool {
	return e.Claims != "" || e.Suberror == "basic_action" || e.Suberror == "additional_action" ||
		slices.ContainsFunc(e.Codes, func(code int) bool { return advice[code].kind == fault.StepUp })
}

// Fault puts the refusal into words for a person who was doing something, as
// "sign in".
func (e *Error) Fault(doing string) *fault.Error {
	f := &fault.Error{
		Kind: fault.Denied, CorrelationID: e.CorrelationID,
		What: fmt.Sprintf("cannot %s: the tenant answered %s", doing, plain(e.OAuth)),
		Fix:  "run `profilectl login` again; if that does not help, give the correlation id to the tenant's administrator",
		Err:  e,
	}
	for _, code := range e.Codes {
		if a, known := advice[code]; known {
			f.Kind, f.Fix = a.kind, a.fix
			f.What = fmt.Sprintf("cannot %s: %s (AADSTS%d)", doing, a.what, code)
			return f
		}
	}
	if len(e.Codes) > 0 {
		f.What = fmt.Sprintf("%s (AADSTS%d)", f.What, e.Codes[0])
	}
	switch e.OAuth {
	case "temporarily_unavailable", "server_error":
		f.Kind, f.Fix = fault.Unavailable, "try again in a minute"
	case "access_denied":
		f.Kind, f.What, f.Fix = fault.Canceled, fmt.Sprintf("cannot %s: it was canceled in the browser", doing), "run the command again to try once more"
	case "invalid_grant", "interaction_required", "login_required":
		f.Kind, f.Fix = fault.SignIn, "run `profilectl login`"
	}
	return f
}

// Error gives the machine-readable members, for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s %v", plain(e.OAuth), plain(e.Suberror), e.Codes)
}

var word = regexp.MustCompile(`^[a-z_]{1,64}$`)

// plain lets only what looks like an OAuth error code into a message: the rest
// of a foreign body may hold anything.
func plain(s string) string {
	if s == "" || word.MatchString(s) {
		return s
	}
	return "an unknown error"
}
