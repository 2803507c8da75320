package output

import (
	"fmt"
	"strings"
	"unicode"
)

// Plain returns s as one line that is safe to print on a terminal. Tabs and line breaks
// become spaces, and characters that Safe replaces become U+FFFD.
func Plain(s string) string {
	return Safe(strings.NewReplacer("\r\n", " ", "\t", " ", "\n", " ", "\r", " ").Replace(s))
}

// Safe returns s without the characters that control a terminal or change the direction
// of text: U+FFFD replaces them. Tabs and line feeds stay.
func Safe(s string) string {
	return strings.Map(func(r rune) rune {
		if isUnsafe(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// isUnsafe reports whether a character can deceive a terminal or its reader: control
// characters other than tab and line feed, line and paragraph separators, and the marks,
// overrides and isolates of text direction.
func isUnsafe(r rune) bool {
	switch {
	case r == '\t', r == '\n':
		return false
	case unicode.IsControl(r),
		r == '\u2028', r == '\u2029',
		r >= '\u202a' && r <= '\u202e',
		r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}

// safe returns text for the output: unchanged for a program, safe for a terminal.
func (p Printer) safe(text []byte) []byte {
	if !p.TTY {
		return text
	}
	return []byte(Safe(string(text)))
}

// safeJSON is safe for JSON, which can escape the characters and so stays the same data.
func (p Printer) safeJSON(text []byte) []byte {
	if !p.TTY || !strings.ContainsFunc(string(text), isUnsafe) {
		return text
	}
	var b strings.Builder
	for _, r := range string(text) {
		if isUnsafe(r) && r != '\r' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}
