package fault

import "strings"

// CorrelationID returns id if it has the form of a correlation id, or an empty string,
// because a response can hold any text there. Entra and Graph send GUIDs. Other mid-tiers
// may send shorter ids of letters, digits and hyphens.
func CorrelationID(id string) string {
	const (
		maxLength = 64
		allowed   = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"
	)
	unusual := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	if len(id) > maxLength || strings.ContainsFunc(id, unusual) {
		return ""
	}
	return id
}
