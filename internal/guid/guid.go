// Package guid recognizes the ids that Microsoft Entra gives to tenants, clients
// and requests.
package guid

import "github.com/google/uuid"

// New returns a random GUID (RFC 9562, version 4).
func New() string { return uuid.NewString() }

// Valid reports whether s is a GUID as Entra writes it: hexadecimal digits of
// either case in groups of 8, 4, 4, 4 and 12. Other forms that RFC 9562 mentions,
// such as urn:uuid:, are not valid.
func Valid(s string) bool {
	const length = len("00000000-0000-0000-0000-000000000000")
	return len(s) == length && uuid.Validate(s) == nil
}
