// Package profile describes the fields that a customer user may see and change about
// themselves, their rules, and a set of new values.
//
// A Schema lists the fields. Ten of them are built in: Microsoft's list
// (learn.microsoft.com, "Reference: user permissions" of external tenants), with the
// lengths of the Graph user resource. A mid-tier can add the custom attributes of its
// tenant. The command line and the mid-tier check a Change with the same rules, so a
// value is rejected with the same words everywhere.
//
// Rules apply to what an edit changes. A directory can hold values that break them,
// because other programs write to it too; such a value stays as it is until the
// user changes it.
package profile

import (
	"slices"
	"strings"
)

// Field is one property of the user. The zero Kind is Text.
type Field struct {
	Name  string // Graph's property name, for example "displayName"
	Flag  string // the command line's name, for example "display-name"
	Label string // as users see it, for example "Display name"
	Kind  Kind
	Max   int // length limit in UTF-16 code units, as Graph counts; for Text and Choices
	// Values are the choices of a Choice or Choices field, in the order in which users
	// see them.
	Values []Value
	// MinInt and MaxInt are the limits of an Integer field; nil stands for no limit.
	MinInt, MaxInt *int64
	// Keep reports whether the value cannot be cleared, only replaced.
	Keep bool
	// Language reports whether the value is a language tag such as "en-US".
	Language bool
	// ReadOnly reports whether users can see the value but not change it.
	ReadOnly bool
}

// Value is one choice of a field.
type Value struct {
	Value string // as the directory stores it
	Label string // as users see it
}

// Custom reports whether the field is a custom attribute of the tenant.
func (f Field) Custom() bool { return IsCustom(f.Name) }

// Short returns the name that users see in tables and drafts: Graph's name, or that of a
// custom attribute without its prefix.
func (f Field) Short() string { return Short(f.Name) }

// spellings returns the names by which users may call the field.
func (f Field) spellings() []string { return []string{f.Name, f.Flag, f.Short()} }

// named reports whether name is one of the field's spellings. Only ASCII letters may
// differ in case, so that a name that looks alike is not accepted.
func (f Field) named(name string) bool {
	return slices.ContainsFunc(f.spellings(), func(s string) bool { return equalASCII(name, s) })
}

// equalASCII is strings.EqualFold without letters of other scripts, such as the Kelvin
// sign, that fold to ASCII letters.
func equalASCII(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// builtIn holds the ten fields in the order in which users see them. It is never changed.
var builtIn = [...]Field{
	{Name: "displayName", Flag: "display-name", Label: "Display name", Max: 256, Keep: true},
	{Name: "givenName", Flag: "given-name", Label: "Given name", Max: 64},
	{Name: "surname", Flag: "surname", Label: "Surname", Max: 64},
	{Name: "jobTitle", Flag: "job-title", Label: "Job title", Max: 128},
	{Name: "streetAddress", Flag: "street-address", Label: "Street address", Max: 1024},
	{Name: "postalCode", Flag: "postal-code", Label: "Postal code", Max: 40},
	{Name: "city", Flag: "city", Label: "City", Max: 128},
	{Name: "state", Flag: "state", Label: "State or province", Max: 128},
	{Name: "country", Flag: "country", Label: "Country or region", Max: 128},
	{Name: "preferredLanguage", Flag: "preferred-language", Label: "Preferred language", Max: 35, Language: true},
}

// Fields returns the ten built-in fields in the order in which users see them.
func Fields() []Field { return BuiltIn().Fields() }

// Names returns Graph's names of the ten built-in fields, in order.
func Names() []string { return BuiltIn().Names() }

// Lookup returns the built-in field with a name; see Schema.Lookup.
func Lookup(name string) (Field, bool) { return BuiltIn().Lookup(name) }

// ReadOnly returns Graph's names of the properties that every user has and that can be
// shown but not changed. They are part of no schema.
func ReadOnly() []string {
	return []string{"id", "identities", "mail", "userPrincipalName", "createdDateTime"}
}
