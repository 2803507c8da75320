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

// Diff returns what the change alters in a profile, in the order of the schema. The current
// values are given by Graph's property name. Values that would stay the same are left out.
// Texts are the same if they differ only in their Unicode normalization, their line ends
// or their surrounding blanks, so that an edit of one field never rewrites the form of
// another one.
func (s Schema) Diff(c Change, current map[string]*string) []Difference {
	var diff []Difference
	for _, f := range s.fields {
		after, changed := c[f.Name]
		if before := current[f.Name]; changed && !f.same(before, after) {
			diff = append(diff, Difference{Field: f.Name, Before: before, After: after})
		}
	}
	return diff
}

// Against returns the part of the change that differs from the current values. Its texts
// are normalized: NFC, line feeds as line ends, and no surrounding blanks.
func (s Schema) Against(c Change, current map[string]*string) Change {
	return s.Clean(c.Only(s.Diff(c, current)))
}

// Clean returns the change with its texts normalized as Against does. Names that are not in
// the schema are left out.
func (s Schema) Clean(c Change) Change {
	clean := Change{}
	for _, name := range s.Changed(c) {
		f, _ := s.Field(name)
		clean[name] = f.clean(c[name])
	}
	return clean
}

// Only returns the part of the change that the differences name.
func (c Change) Only(diff []Difference) Change {
	part := Change{}
	for _, d := range diff {
		part[d.Field] = d.After
	}
	return part
}

// same reports whether two values of the field mean the same.
func (f Field) same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b || *f.clean(a) == *f.clean(b)
}

// cleanText returns a text in NFC, without surrounding blanks and with line feeds as
// line ends.
func cleanText(text string) string {
	return strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n")))
}
