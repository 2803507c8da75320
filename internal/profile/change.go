package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
)

// Change is a set of new values by Graph's property name; nil clears the property.
// A property that is absent stays as it is. A Change marshals to the body of POST
// /updateUserInfo and of Graph's PATCH /me.
type Change map[string]*string

// Set adds a new value for the field with a name, as Lookup knows it. The value
// stays as it was given; see Against.
func (c Change) Set(name, value string) error {
	f, ok := Lookup(name)
	if !ok {
		return unknown(name)
	}
	c[f.Name] = &value
	return nil
}

// Clear adds the removal of a field's value.
func (c Change) Clear(name string) error {
	f, ok := Lookup(name)
	if !ok {
		return unknown(name)
	}
	c[f.Name] = nil
	return nil
}

// Names returns the changed properties in the order of Fields.
func (c Change) Names() []string {
	var names []string
	for _, f := range fields {
		if _, ok := c[f.Name]; ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// Against returns the part of the change that differs from the current values. Its texts
// are normalized: NFC, line feeds as line ends, and no surrounding blanks.
func (c Change) Against(current map[string]*string) Change {
	part := Change{}
	for _, d := range c.Diff(current) {
		part[d.Field] = clean(d.After)
	}
	return part
}

// Check returns one Invalid fault that names every value that breaks a rule, or
// nil. An empty change is invalid too: there would be nothing to send.
func (c Change) Check() error {
	for name := range c {
		if _, ok := byName(name); !ok {
			return unknown(name)
		}
	}
	if len(c) == 0 {
		return &fault.Error{
			Kind: fault.Invalid,
			What: "there is nothing to change",
			Fix:  "name at least one field: " + strings.Join(Names(), ", "),
		}
	}
	var broken, fixes []string
	for _, name := range c.Names() {
		f := fault.As(c.CheckField(name))
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

// CheckField returns an Invalid fault if the new value of a property breaks a rule,
// or nil.
func (c Change) CheckField(name string) error {
	f, _ := byName(name)
	value := c[name]
	switch {
	case value != nil:
		if what, fix := f.Check(*value); what != "" {
			return &fault.Error{Kind: fault.Invalid, What: f.Name + " " + what, Fix: fix}
		}
	case f.Keep:
		return &fault.Error{
			Kind: fault.Invalid,
			What: f.Name + " cannot be cleared",
			Fix:  "give " + f.Name + " a value",
		}
	}
	return nil
}

func unknown(name string) error {
	fix := "use one of " + strings.Join(Names(), ", ")
	if near := nearest.To(short(name), append(Names(), flags()...)); near != "" {
		fix = "did you mean " + near + "?"
	}
	return &fault.Error{
		Kind: fault.Invalid,
		What: fmt.Sprintf("%q is not a field you may change", short(name)),
		Fix:  fix,
	}
}

// flags returns the names of all fields on the command line.
func flags() []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Flag)
	}
	return names
}

// short shortens a name from outside, so that it neither fills the screen nor takes long
// to compare.
func short(name string) string {
	const limit = 64 // characters
	count := 0
	for i := range name {
		if count++; count > limit {
			return name[:i] + "…"
		}
	}
	return name
}
