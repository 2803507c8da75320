// Package profile describes the ten properties that a customer user may change
// about themselves, their rules, and a set of new values.
//
// The list is Microsoft's (learn.microsoft.com, "Reference: user permissions" of
// external tenants); the lengths are those of the Graph user resource. The command
// line and the mid-tier check a Change with the same rules, so a value is rejected
// with the same words everywhere.
//
// Rules apply to what an edit changes. A directory can hold values that break them,
// because other programs write to it too; such a value stays as it is until the
// user changes it.
package profile

import (
	"slices"
	"strings"
)

// Field is one property that users may change about themselves.
type Field struct {
	Name  string // Graph's property name, for example "displayName"
	Flag  string // the command line's name, for example "display-name"
	Label string // as users see it, for example "Display name"
	Max   int    // length limit in UTF-16 code units, as Graph counts
	// Keep reports whether the value cannot be cleared, only replaced.
	Keep bool
	// Language reports whether the value is a language tag such as "en-US".
	Language bool
}

// fields holds the ten fields in the order in which users see them.
var fields = [...]Field{
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

// Fields returns the ten fields in the order in which users see them.
func Fields() []Field { return slices.Clone(fields[:]) }

// ReadOnly returns Graph's names of the properties that can be shown but not
// changed.
func ReadOnly() []string {
	return []string{"id", "identities", "mail", "userPrincipalName", "createdDateTime"}
}

// Lookup returns the field with a name: Graph's property name or the flag's, in any
// case.
func Lookup(name string) (Field, bool) {
	for _, f := range fields {
		if strings.EqualFold(name, f.Name) || strings.EqualFold(name, f.Flag) {
			return f, true
		}
	}
	return Field{}, false
}

// byName returns the field with exactly Graph's property name.
func byName(name string) (Field, bool) {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i], true
		}
	}
	return Field{}, false
}

// Names returns Graph's names of all fields, in order.
func Names() []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}
