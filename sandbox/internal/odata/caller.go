package odata

import "slices"

// Caller represents the holder of a valid access token.
type Caller struct {
	ID      string   // object id of the user, or of the service principal
	Scopes  []string // delegated permissions
	Roles   []string // application permissions
	AppOnly bool     // whether an app acts for itself
}

// Has reports whether the token grants one of the permissions.
func (c Caller) Has(permissions ...string) bool {
	granted := c.Scopes
	if c.AppOnly {
		granted = c.Roles
	}
	return slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(granted, p) })
}
