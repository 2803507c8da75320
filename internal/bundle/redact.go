package bundle

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Redactor removes values from text. It replaces the values that it knows, in plain and
// encoded form, and everything that has the form of an identifier, an address, a path or
// a token, whoever it belongs to.
type Redactor struct {
	known    []string // longest first, so that no part of a value remains
	harmless []string
}

// shortest is the length in bytes of the shortest known value that is replaced. A
// shorter one would be found in ordinary words.
const shortest = 3

// NewRedactor returns a Redactor that knows some values. The harmless words stay even
// if they look like a host name, such as the ids of checks.
func NewRedactor(known, harmless []string) *Redactor {
	r := &Redactor{harmless: slices.Concat(harmless, []string{"localhost", "graph.microsoft.com"})}
	for _, value := range known {
		if len(value) < shortest || slices.Contains(r.harmless, value) {
			continue
		}
		r.known = append(r.known, value, url.QueryEscape(value), url.PathEscape(value))
		for _, e := range []*base64.Encoding{
			base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
		} {
			r.known = append(r.known, e.EncodeToString([]byte(value)))
		}
	}
	slices.SortFunc(r.known, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return r
}

// Text returns text without values.
func (r *Redactor) Text(text string) string {
	for _, value := range r.known {
		text = strings.ReplaceAll(text, value, "[value]")
	}
	for _, form := range forms() {
		text = form.pattern.ReplaceAllStringFunc(text, func(found string) string {
			if slices.Contains(r.harmless, found) {
				return found
			}
			return form.word
		})
	}
	return text
}

// form is a form that values have.
type form struct {
	pattern *regexp.Regexp
	word    string // that replaces the value
}

// forms returns the forms, in the order in which they are replaced.
func forms() []form {
	return []form{
		{regexp.MustCompile(`"[^"]*"`), `"[value]"`}, // messages quote foreign text
		{regexp.MustCompile(`https?://[^\s"'` + "`" + `,;)]+`), "[address]"},
		{regexp.MustCompile(`[^\s"'<>(),;:]+@[^\s"'<>(),;:]+`), "[email]"},
		{regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "[id]"},
		{regexp.MustCompile(`(^|[\s(])(?:[A-Za-z]:\\|/)[^\s"',;)]+`), " [path]"},
		{regexp.MustCompile(`[A-Za-z0-9_+/=.~-]{24,}`), "[token]"},
		{regexp.MustCompile(`(?i)\b(?:[a-z0-9-]+\.)+[a-z][a-z-]*[a-z]\b`), "[host]"},
		{regexp.MustCompile(`\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|\[[0-9a-fA-F:]*:[0-9a-fA-F:]*\]`), "[host]"},
	}
}
