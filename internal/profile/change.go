package profile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
)

// Change is a set of new values, by Graph's property name; nil clears the
// property. A property that is absent is left alone. It marshals to the body
// of POST /updateUserInfo and of Graph's PATCH /me.
type Change map[string]*string

// Set adds a new value for the field that name means; Clear removes one.
func (c Change) Set(name, value string) error {
	f, ok := Lookup(name)
	if !ok {
		return unknown(name)
	}
	value = norm.NFC.String(value)
	c[f.Name] = &value
	return nil
}

// Clear asks for the field's value to be removed.
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

// Check returns one Invalid fault that names every value breaking its rule, or
// nil. An empty change is refused too: there would be nothing to send.
func (c Change) Check() error {
	var broken, fixes []string
	note := func(what, fix string) {
		broken = append(broken, what)
		if !slices.Contains(fixes, fix) {
			fixes = append(fixes, fix)
		}
	}
	for name := range c {
		if _, ok := byName(name); !ok {
			return unknown(name)
		}
	}
	for _, f := range fields {
		value, given := c[f.Name]
		switch {
		case !given:
		case value != nil:
			if what, fix := f.Check(*value); what != "" {
				note(f.Name+" "+what, fix)
			}
		case f.Keep:
			note(f.Name+" cannot be cleared", "give "+f.Name+" a value")
		}
	}
	if len(c) == 0 {
		note("there is nothing to change", "name at least one field: "+strings.Join(Names(), ", "))
	}
	if len(broken) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, What: strings.Join(broken, "; "), Fix: strings.Join(fixes, "; ")}
}

// language is the shape of ISO 639-1 with an optional region, as Graph wants
// preferredLanguage; longer BCP 47 tags occur and are let through.
var language = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$`)

// Check returns what is wrong with a value for the field, and what to do about
// it, or two empty strings. It never repeats the value: it may be personal.
func (f Field) Check(value string) (what, fix string) {
	units := 0
	for _, r := range value {
		units += utf16.RuneLen(r)
	}
	switch {
	case !utf8.ValidString(value):
		return "is not valid UTF-8", "save the text as UTF-8"
	case strings.TrimSpace(value) == "":
		if f.Keep {
			return "is empty", "give " + f.Name + " a value"
		}
		return "is empty", "to clear it, send null (on the command line: --unset " + f.Flag + ")"
	case units > f.Max:
		return fmt.Sprintf("has %d characters; at most %d are allowed", units, f.Max), "shorten it"
	case strings.ContainsFunc(value, hidden):
		return "holds a control or text-direction character", "type it anew without pasted formatting"
	case f.Language && !language.MatchString(value):
		return "is not a language tag", "write it as en-US or de"
	}
	return "", ""
}

// hidden finds what has no place in a name or an address and can deceive those
// who read it: control characters, line separators, bidirectional overrides
// and isolates, and the invisible tag characters. Zero-width joiners stay:
// scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case unicode.IsControl(r),
		r == '\u2028', r == '\u2029', r == '\ufeff',
		r >= '\u202a' && r <= '\u202e',
		r >= '\u2066' && r <= '\u2069',
		r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return false
}

func unknown(name string) error {
	fix := "use one of " + strings.Join(Names(), ", ")
	if near := nearest.To(name, append(Names(), flags()...)); near != "" {
		fix = "did you mean " + near + "?"
	}
	return &fault.Error{Kind: fault.Invalid, What: fmt.Sprintf("%q is not a field you may change", short(name)), Fix: fix}
}

// flags returns the command line's names of all fields.
func flags() []string {
	var flags []string
	for _, f := range fields {
		flags = append(flags, f.Flag)
	}
	return flags
}

// short keeps a foreign name from filling the screen.
func short(name string) string {
	const limit = 64
	runes := []rune(name)
	if len(runes) > limit {
		runes = append(runes[:limit], '…')
	}
	return string(runes)
}
