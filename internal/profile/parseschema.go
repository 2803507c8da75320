package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
)

// MaxSchema is the maximum size in bytes of a schema that ParseSchema reads.
const MaxSchema = 1 << 20

// ParseSchema reads a schema as JSON returns it. It ignores keywords that it does not know,
// and properties that are neither built-in fields nor custom attributes: a newer mid-tier
// may have more. It rejects a property that is defined twice, a built-in field of another
// type, and an attribute that With rejects. Labels and rules of the built-in fields are
// always this package's. Every fault that it returns is Invalid.
func ParseSchema(raw []byte) (Schema, error) {
	if len(raw) > MaxSchema {
		return Schema{}, badSchema(fmt.Sprintf("it has more than %d KB", MaxSchema>>10))
	}
	if !utf8.Valid(raw) {
		return Schema{}, badSchema("it is not UTF-8")
	}
	var document struct {
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(raw, &document); err != nil || len(document.Properties) == 0 {
		return Schema{}, badSchema("it is not a JSON Schema of an object")
	}
	d := json.NewDecoder(bytes.NewReader(document.Properties))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Schema{}, badSchema("its properties are not an object")
	}
	var s Schema
	names := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return Schema{}, badSchema("its properties are not an object")
		}
		name, _ := t.(string)
		var p json.RawMessage
		if err := d.Decode(&p); err != nil {
			return Schema{}, badSchema("its properties are not an object")
		}
		if names[name] {
			return Schema{}, badSchema(fmt.Sprintf("it defines %q twice", short(name)))
		}
		names[name] = true
		if s, err = s.withProperty(name, p); err != nil {
			return Schema{}, err
		}
	}
	return s, nil
}

// withProperty returns the schema with the field that a property describes.
func (s Schema) withProperty(name string, raw json.RawMessage) (Schema, error) {
	builtIn, known := Lookup(name)
	known = known && builtIn.Name == name
	if !known && !IsCustom(name) {
		return s, nil
	}
	var p property
	if err := json.Unmarshal(raw, &p); err != nil {
		return Schema{}, badSchema(fmt.Sprintf("its definition of %q is not valid", short(name)))
	}
	kind, keep, ok := p.kind()
	if !ok || known && kind != Text {
		return Schema{}, badSchema(fmt.Sprintf("%q has an unexpected type", short(name)))
	}
	if known {
		builtIn.ReadOnly = p.ReadOnly
		return Schema{fields: append(slices.Clip(s.fields), builtIn)}, nil
	}
	f := Field{
		Name:     name,
		Label:    p.Title,
		Kind:     kind,
		Max:      p.MaxLength,
		MinInt:   p.Minimum,
		MaxInt:   p.Maximum,
		Keep:     keep,
		ReadOnly: p.ReadOnly,
	}
	for _, c := range slices.Concat(p.OneOf, p.Choices) {
		if c.Const != nil {
			f.Values = append(f.Values, Value{Value: *c.Const, Label: c.Title})
		}
	}
	extended, err := s.With(f)
	if err != nil {
		return Schema{}, badSchema(fault.As(err).What)
	}
	return extended, nil
}

// kind returns the kind of a property, and whether its value cannot be cleared.
func (p property) kind() (k Kind, keep, ok bool) {
	name, keep, ok := p.typeName()
	switch {
	case !ok:
	case name == "boolean":
		return Boolean, keep, true
	case name == "integer":
		return Integer, keep, true
	case name != "string" || len(p.OneOf) > 0 && len(p.Choices) > 0:
		return Text, false, false
	case len(p.OneOf) > 0:
		return Choice, keep, true
	case len(p.Choices) > 0:
		return Choices, keep, true
	}
	return Text, keep, ok
}

// typeName returns the only type of a property other than null, and whether null is
// missing.
func (p property) typeName() (name string, keep, ok bool) {
	switch t := p.Type.(type) {
	case string:
		return t, true, true
	case []any:
		if len(t) == 2 && t[1] == "null" {
			name, ok = t[0].(string)
			return name, false, ok
		}
	}
	return "", false, false
}

func badSchema(what string) error {
	return &fault.Error{
		Kind: fault.Invalid,
		What: "the schema of the profile is not valid: " + what,
		Fix:  "ask the operator of the mid-tier to check its attributes",
	}
}
