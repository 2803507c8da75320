package directory

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Attribute represents a custom attribute of users: a directory extension (learn.microsoft.com,
// "extensionProperty resource type").
type Attribute struct {
	ID          string `json:"id"`
	App         string `json:"app"`  // client id of the app that owns the attribute
	Name        string `json:"name"` // without the prefix of Property
	Type        string `json:"type"` // String, Boolean or Int64
	Label       string `json:"label,omitempty"`
	Description string `json:"description,omitempty"`
}

// The types of custom attributes in external tenants (learn.microsoft.com, "Collect custom
// user attributes during sign-up").
const (
	StringType  = "String"
	BooleanType = "Boolean"
	IntegerType = "Int64"
)

// Length returns the length of a value in UTF-16 code units, in which Entra counts.
func Length(value string) (units int) {
	for _, r := range value {
		units += utf16.RuneLen(r)
	}
	return units
}

// MaxAttribute is the maximum length, in UTF-16 code units, of the value of a custom attribute
// in external tenants (learn.microsoft.com, "Service limits and restrictions in external
// tenants"). Other tenants have 256.
const MaxAttribute = 250

// ExtensionsAppName is the name of the app that owns the attributes that sign-up pages collect.
const ExtensionsAppName = "b2c-extensions-app. Do not modify. Used by AADB2C for storing user data."

// Property returns the name of the attribute as a property of users in Graph.
func (a *Attribute) Property() string {
	return "extension_" + strings.ReplaceAll(strings.ToLower(a.App), "-", "") + "_" + a.Name
}

// Parse returns the text that the directory stores for a JSON value, whose numbers are
// json.Number, or nil for null. It reports whether the value has the type of the attribute. That
// an empty string is invalid, as for the other properties of users, is inferred.
func (a *Attribute) Parse(value any) (text *string, ok bool) {
	var stored string
	switch v := value.(type) {
	case nil:
		return nil, true
	case string:
		stored, ok = v, a.Type == StringType && v != "" && Length(v) <= MaxAttribute
	case bool:
		stored, ok = strconv.FormatBool(v), a.Type == BooleanType
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		stored, ok = strconv.FormatInt(n, 10), err == nil && a.Type == IntegerType
	}
	return &stored, ok
}

// Value returns the JSON value of a text that Parse returned.
func (a *Attribute) Value(text string) any {
	switch a.Type {
	case BooleanType:
		return text == "true"
	case IntegerType:
		return json.Number(text)
	}
	return text
}

// ParseText is Parse for a value that is written as a text, such as "true" or "42".
func (a *Attribute) ParseText(text string) (stored *string, ok bool) {
	switch {
	case a.Type == IntegerType:
		return a.Parse(json.Number(text))
	case a.Type == BooleanType && (text == "true" || text == "false"):
		return a.Parse(text == "true")
	case a.Type == BooleanType:
		return nil, false
	}
	return a.Parse(text)
}

// AttributeOf returns the custom attribute with the name of its property, ignoring case.
func (s *State) AttributeOf(property string) (*Attribute, bool) {
	i := slices.IndexFunc(s.Attributes, func(a Attribute) bool { return strings.EqualFold(a.Property(), property) })
	if i < 0 {
		return nil, false
	}
	return &s.Attributes[i], true
}

// AppOfProperty returns the client id of the app that owns an attribute with the name of a
// property, in lower case, or nothing if the name is not that of an attribute.
func AppOfProperty(property string) string {
	const length = 32 // of an id without hyphens
	id, name, _ := strings.Cut(strings.TrimPrefix(property, "extension_"), "_")
	if len(id) != length || name == "" || strings.Trim(id, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	id = strings.ToLower(id)
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// ExtensionsApp returns the app that owns the attributes that sign-up pages collect. It adds the
// app if the tenant has none, with the given client id or, if that is empty, a new one. In Entra,
// every external tenant has one from the start.
func (s *State) ExtensionsApp(id string) *App {
	isIt := func(a *App) bool { return a.Name == ExtensionsAppName }
	if app, ok := s.findApp(isIt); ok {
		return app
	}
	app := App{ID: cmp.Or(id, NewID()), Name: ExtensionsAppName}
	app.Complete()
	s.Apps = append(s.Apps, app)
	return &s.Apps[len(s.Apps)-1]
}

// AddAttribute adds a custom attribute, whose id it assigns. It reports false if there is one with
// the same property.
func (s *State) AddAttribute(a Attribute) (Attribute, bool) {
	if _, taken := s.AttributeOf(a.Property()); taken {
		return a, false
	}
	a.ID = NewID()
	s.Attributes = append(s.Attributes, a)
	return a, true
}

// RemoveAttribute removes a custom attribute with the values that users have. Sign-up pages no
// longer ask for it.
func (s *State) RemoveAttribute(property string) error {
	a, ok := s.AttributeOf(property)
	if !ok {
		return nil
	}
	name := a.Property()
	for i := range s.Users {
		delete(s.Users[i].Profile, name)
	}
	s.Attributes = slices.DeleteFunc(s.Attributes, func(a Attribute) bool { return a.Property() == name })
	for i := range s.Flows {
		if err := s.Flows[i].SetInput(Input{Attribute: name}); err != nil {
			return err
		}
	}
	return nil
}

// AttributeType returns the type of a custom attribute with a name in any case, such as the
// string, boolean and int64 of user flows.
func AttributeType(name string) (string, bool) {
	for _, known := range []string{StringType, BooleanType, IntegerType} {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

// IsAttributeName reports whether a custom attribute can have a name: letters, digits and
// underscores. The maximum length is inferred.
func IsAttributeName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	const maxName = 100
	return name != "" && len(name) <= maxName && strings.Trim(name, allowed) == ""
}

// IsUsable reports whether users can have values of a custom attribute: only while the app that
// owns it has a service principal. Published reports say so.
func (s *State) IsUsable(a *Attribute) bool {
	app, ok := s.AppByID(a.App)
	return ok && app.Principal != nil
}
