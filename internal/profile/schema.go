package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
)

// Schema is an ordered list of fields. It is immutable, and safe for concurrent use.
// The zero Schema has no fields.
type Schema struct{ fields []Field }

// MaxAttributes is the maximum number of custom attributes in a schema
// (learn.microsoft.com, "Service limits" of external tenants).
const MaxAttributes = 100

// BuiltIn returns the schema of the ten built-in fields.
func BuiltIn() Schema { return Schema{fields: builtIn[:]} }

// With returns the schema with a custom attribute after its other fields. Flag is
// derived from the name. If Max is 0, it becomes 250, the maximum. An Invalid fault
// names what is wrong with the attribute.
func (s Schema) With(f Field) (Schema, error) {
	f.Flag = hyphenated(f.Short())
	if f.Max == 0 {
		f.Max = maxAttribute
	}
	f.Values = slices.Clone(f.Values)
	if err := s.checkAttribute(f); err != nil {
		return Schema{}, err
	}
	return Schema{fields: append(slices.Clip(s.fields), f)}, nil
}

// Fields returns the fields in the order in which users see them.
func (s Schema) Fields() []Field { return slices.Clone(s.fields) }

// Names returns Graph's names of all fields, in order.
func (s Schema) Names() []string {
	var names []string
	for i := range s.fields {
		names = append(names, s.fields[i].Name)
	}
	return names
}

// HasCustom reports whether the schema has a custom attribute.
func (s Schema) HasCustom() bool { return slices.ContainsFunc(s.fields, Field.Custom) }

// Lookup returns the field with a name as users write it: Graph's property name, the
// command line's, or that of a custom attribute without its prefix, each in any case.
func (s Schema) Lookup(name string) (Field, bool) {
	for i := range s.fields {
		if s.fields[i].named(name) {
			return s.fields[i], true
		}
	}
	return Field{}, false
}

// Field returns the field with exactly Graph's property name.
func (s Schema) Field(name string) (Field, bool) {
	for i := range s.fields {
		if s.fields[i].Name == name {
			return s.fields[i], true
		}
	}
	return Field{}, false
}

// ErrUnknown is wrapped by the fault of a name that is not in the schema.
var ErrUnknown = errors.New("unknown field")

// unknown returns the fault of a name that a user wrote. The advice has the short names
// of custom attributes.
func (s Schema) unknown(name string) error { return s.unknownField(name, Field.Short) }

// unknownProperty returns the fault of a property in JSON, where only Graph's names are
// allowed.
func (s Schema) unknownProperty(name string) error {
	return s.unknownField(name, func(f Field) string { return f.Name })
}

func (s Schema) unknownField(name string, shown func(Field) string) error {
	const most = 30 // names in a message
	var names, known []string
	suggestions := map[string]string{}
	for _, f := range s.fields {
		names = append(names, shown(f))
		for _, spelling := range f.spellings() {
			known = append(known, spelling)
			suggestions[spelling] = spelling
			if f.Custom() {
				suggestions[spelling] = shown(f)
			}
		}
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("or one of %d others", len(names)-most))
	}
	fix := "use one of " + strings.Join(names, ", ")
	if near := nearest.To(short(name), known); near != "" {
		fix = "did you mean " + suggestions[near] + "?"
	}
	return &fault.Error{
		Kind: fault.Invalid,
		What: fmt.Sprintf("%q is not a field you may change", short(name)),
		Fix:  fix,
		Err:  ErrUnknown,
	}
}

// short shortens a name from outside, so that it neither fills the screen nor takes long
// to compare.
func short(name string) string {
	const limit = 120 // characters; no name of a field is longer
	count := 0
	for i := range name {
		if count++; count > limit {
			return name[:i] + "…"
		}
	}
	return name
}
