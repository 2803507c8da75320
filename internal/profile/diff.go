package profile

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Difference is one field that an edit changes. Nil stands for no value.
type Difference struct {
	Field  string  `json:"field"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// Diff returns what the change alters in a profile, in the order of Fields. The current
// values are given by Graph's property name. Values that would stay the same are left out.
// Texts are the same if they differ only in their Unicode normalization, their line ends
// or their surrounding blanks, so that an edit of one field never rewrites the form of
// another one.
func (c Change) Diff(current map[string]*string) []Difference {
	var diff []Difference
	for _, name := range c.Names() {
		before, after := current[name], c[name]
		if !same(before, after) {
			diff = append(diff, Difference{Field: name, Before: before, After: after})
		}
	}
	return diff
}

// Only returns the part of the change that the differences name.
func (c Change) Only(diff []Difference) Change {
	part := Change{}
	for _, d := range diff {
		part[d.Field] = d.After
	}
	return part
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b || *clean(a) == *clean(b)
}

// clean returns a text in NFC, without surrounding blanks and with line feeds as
// line ends.
func clean(text *string) *string {
	if text == nil {
		return nil
	}
	cleaned := strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(*text, "\r\n", "\n")))
	return &cleaned
}
