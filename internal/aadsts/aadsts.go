// Package aadsts reads the errors of Entra's security token service: the JSON
// body of the token endpoint, the parameters of an authorize response, and what
// MSAL makes of either.
//
// Decisions are made on the machine-readable members (error, suberror,
// error_codes, claims), never on the description, as Microsoft asks ("Microsoft
// Entra authentication and authorization error codes"). The codes select the words
// that a user reads, with two exceptions: some of them mean that a second factor is
// required, and some that no sign-in can help, although error says so.
package aadsts

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// maxBody limits the size in bytes of an error body; Entra's have under 2 KB.
const maxBody = 64 << 10

// Error is an error response of the token service.
type Error struct {
	OAuth         string // error, such as "invalid_grant"
	Suberror      string // suberror, such as "basic_action"
	Codes         []int  // error_codes, such as 50076
	Claims        string // the claims request for the next sign-in, a JSON object; or empty
	CorrelationID string
}

// Read parses the body of a response of the token endpoint. It returns nil if the
// body is not an error of that form.
func Read(body io.Reader) *Error {
	var wire struct {
		Error         string `json:"error"`
		Suberror      string `json:"suberror"`
		ErrorCodes    []int  `json:"error_codes"`
		Claims        string `json:"claims"`
		CorrelationID string `json:"correlation_id"`
	}
	if json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&wire) != nil || wire.Error == "" {
		return nil //nolint:nilerr // a page of a proxy, for example, is no error response
	}
	e := &Error{
		OAuth:         wire.Error,
		Suberror:      wire.Suberror,
		Codes:         wire.ErrorCodes,
		CorrelationID: fault.CorrelationID(wire.CorrelationID),
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(wire.Claims), &object) == nil && object != nil {
		e.Claims = wire.Claims
	}
	return e
}

// FromRedirect returns the error of an authorize response (RFC 6749, 4.1.2.1).
// Such a response has no error_codes, so the code is taken from the description.
func FromRedirect(oauth, description string) *Error {
	e := &Error{OAuth: oauth}
	if code := codeOf(description); code != 0 {
		e.Codes = []int{code}
	}
	return e
}

// codeOf returns the code that a description starts with, as in
// "AADSTS65004: User declined ...", or 0.
func codeOf(description string) int {
	const minDigits, maxDigits = 5, 8
	text, ok := strings.CutPrefix(description, "AADSTS")
	if !ok {
		return 0
	}
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	if len(digits) < minDigits || len(digits) > maxDigits {
		return 0
	}
	code, _ := strconv.Atoi(digits) // always valid: at most maxDigits digits
	return code
}

// Interactive reports whether a sign-in at a browser can resolve the error. The
// list is the union of those in MSAL JS, MSAL.NET and Microsoft's documentation. Entra
// also sends these errors if a policy or the state of the account forbids the sign-in,
// with a suberror or a code that says so. The browser would only show the same error
// (Azure CLI #32809).
func (e *Error) Interactive() bool {
	switch e.OAuth {
	case "interaction_required", "login_required", "consent_required", "invalid_grant":
		kind := e.meaning().kind
		return kind == fault.SignIn || kind == fault.StepUp
	default:
		return false
	}
}

// StepUp reports whether the error asks for a second factor, and not merely for a
// new sign-in.
func (e *Error) StepUp() bool {
	kind := e.meaning().kind
	asked := e.Claims != "" || e.Suberror == "basic_action" || e.Suberror == "additional_action"
	return kind == fault.StepUp || kind == fault.SignIn && asked
}

// Error returns the machine-readable members, for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s %v", printable(e.OAuth), printable(e.Suberror), e.Codes)
}
