// Package guid recognizes the ids that Microsoft Entra gives to tenants, clients
// and requests.
package guid

import (
	"strings"

	"github.com/google/uuid"
)

// New returns a random GUID (RFC 9562, version 4).
func New() string { return uuid.NewString() }

// Valid reports whether s is a GUID as Entra writes it: hexadecimal digits of
// either case in groups of 8, 4, 4, 4 and 12. Other forms that RFC 9562 mentions,
// such as urn:uuid:, are not valid.
func Valid(s string) bool {
	const length = len("00000000-0000-0000-0000-000000000000")
	return len(s) == length && uuid.Validate(s) == nil
}

// ID is a GUID that Parse has checked: it can be part of a URL. The zero value is no ID.
type ID struct{ text string }

// Parse returns the ID that s holds, in lower case. It reports whether s is Valid.
func Parse(s string) (ID, bool) {
	if !Valid(s) {
		return ID{}, false
	}
	return ID{strings.ToLower(s)}, true
}

// String returns the ID as Entra writes it, in lower case.
func (id ID) String() string { return id.text }
