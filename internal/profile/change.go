package profile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
)

// Change is a set of new values by Graph's property name; nil clears the property.
// A property that is absent stays as it is. A Change of built-in fields marshals to the
// body of POST /updateUserInfo and of Graph's PATCH /me; see Schema.Marshal for others.
// The methods of a Change know the built-in fields, and those of a Schema its own.
type Change map[string]*string

// Set adds a new value for a built-in field; see Schema.Set.
func (c Change) Set(name, value string) error { return BuiltIn().Set(c, name, value) }

// Clear adds the removal of the value of a built-in field.
func (c Change) Clear(name string) error { return BuiltIn().Clear(c, name) }

// Names returns the changed built-in fields in the order of Fields.
func (c Change) Names() []string { return BuiltIn().Changed(c) }

// Against returns the part of a change of built-in fields that differs from the current
// values; see Schema.Against.
func (c Change) Against(current map[string]*string) Change { return BuiltIn().Against(c, current) }

// Diff returns what the change alters in the built-in fields; see Schema.Diff.
func (c Change) Diff(current map[string]*string) []Difference { return BuiltIn().Diff(c, current) }

// Check checks a change of built-in fields; see Schema.Check.
func (c Change) Check() error { return BuiltIn().Check(c) }

// Split returns the part of the change with built-in fields and the part with custom
// attributes. Graph accepts them with different permissions.
func (c Change) Split() (builtIn, custom Change) {
	builtIn, custom = Change{}, Change{}
	for name, value := range c {
		if IsCustom(name) {
			custom[name] = value
		} else {
			builtIn[name] = value
		}
	}
	return builtIn, custom
}

// Set adds a new value for the field with a name, as Lookup knows it. The value
// stays as it was given; see Against.
func (s Schema) Set(c Change, name, value string) error {
	f, ok := s.Lookup(name)
	if !ok {
		return s.unknown(name)
	}
	c[f.Name] = &value
	return nil
}

// Clear adds the removal of a field's value.
func (s Schema) Clear(c Change, name string) error {
	f, ok := s.Lookup(name)
	if !ok {
		return s.unknown(name)
	}
	c[f.Name] = nil
	return nil
}

// Changed returns Graph's names of the fields in a change, in the order of the schema.
func (s Schema) Changed(c Change) []string {
	var names []string
	for i := range s.fields {
		if _, ok := c[s.fields[i].Name]; ok {
			names = append(names, s.fields[i].Name)
		}
	}
	return names
}

// Check returns one Invalid fault that names every value that breaks a rule, or
// nil. An empty change is invalid too: there would be nothing to send.
func (s Schema) Check(c Change) error {
	for name := range c {
		if _, ok := s.Field(name); !ok {
			return s.unknownProperty(name)
		}
	}
	if len(c) == 0 {
		return &fault.Error{
			Kind: fault.Invalid,
			What: "there is nothing to change",
			Fix:  "name at least one field: " + strings.Join(s.Names(), ", "),
		}
	}
	var broken, fixes []string
	for _, name := range s.Changed(c) {
		f := fault.As(s.CheckField(c, name))
		if f.Kind != fault.Invalid {
			continue
		}
		broken = append(broken, f.What)
		if !slices.Contains(fixes, f.Fix) {
			fixes = append(fixes, f.Fix)
		}
	}
	if len(broken) == 0 {
		return nil
	}
	return &fault.Error{
		Kind: fault.Invalid,
		What: strings.Join(broken, "; "),
		Fix:  strings.Join(fixes, "; "),
	}
}

// Impossible reports whether no profile can hold one of the values of a change: it is empty,
// not text or too long, or the field cannot be cleared. Every other value that breaks a rule
// may be in the profile already, which makes it no change.
func (s Schema) Impossible(c Change) bool {
	for name, value := range c {
		f, _ := s.Field(name)
		switch {
		case value == nil && f.Keep,
			value != nil && (!utf8.ValidString(*value) || strings.TrimSpace(*value) == ""),
			value != nil && f.Kind == Text && utf16Len(*value) > f.Max:
			return true
		}
	}
	return false
}

// CheckField returns an Invalid fault if the new value of a property breaks a rule,
// or nil.
func (s Schema) CheckField(c Change, name string) error {
	f, _ := s.Field(name)
	value := c[name]
	invalid := func(what, fix string) error {
		return &fault.Error{Kind: fault.Invalid, What: f.Short() + " " + what, Fix: fix}
	}
	switch {
	case f.ReadOnly:
		return invalid("cannot be changed", "leave "+f.Short()+" out")
	case value != nil:
		if what, fix := f.Check(*value); what != "" {
			return invalid(what, fix)
		}
	case f.Keep:
		return invalid("cannot be cleared", "give "+f.Short()+" a value")
	}
	return nil
}
