package terminal

import "strings"

// Change is a line of a Diff. Its values must be safe to print on a
// terminal, see output.Plain.
type Change struct{ Field, Before, After string }

// Diff returns the changes as text, with one line for each field and its values
// before and after.
func Diff(rows []Change, color bool) string {
	const red, green, reset = "\x1b[31m", "\x1b[32m", "\x1b[0m"
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return code + s + reset
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r.Field))
	}
	var b strings.Builder
	for _, r := range rows {
		padding := strings.Repeat(" ", longest-len(r.Field))
		b.WriteString("  " + r.Field + padding + "  " + paint(red, r.Before) + " → " + paint(green, r.After) + "\n")
	}
	return b.String()
}
