package profile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// draft2020 identifies the version of JSON Schema.
const draft2020 = "https://json-schema.org/draft/2020-12/schema"

// property is the JSON Schema of one field.
type property struct {
	Type      any        `json:"type"` // a name, or a list of names
	Title     string     `json:"title"`
	MaxLength int        `json:"maxLength,omitempty"`
	Minimum   *int64     `json:"minimum,omitempty"`
	Maximum   *int64     `json:"maximum,omitempty"`
	OneOf     []constant `json:"oneOf,omitempty"`
	// Choices is not part of JSON Schema: the values that a text may hold, separated by
	// commas.
	Choices  []constant `json:"x-choices,omitempty"`
	ReadOnly bool       `json:"readOnly,omitempty"`
}

// constant is one choice; a nil Const stands for no value.
type constant struct {
	Const *string `json:"const"`
	Title string  `json:"title,omitempty"`
}

// JSON returns the schema as JSON Schema (2020-12), which describes the body of
// POST /updateUserInfo. Equal schemas have equal bytes. The order of the properties is
// that of the fields. A length is in UTF-16 code units, as Graph counts; JSON Schema
// counts characters.
func (s Schema) JSON() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"$schema":%q,"type":"object","additionalProperties":false,"properties":{`, draft2020)
	for i, f := range s.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", f.Name) // names are plain ASCII
		b.Write(encoded(f.property()))
	}
	b.WriteString("}}")
	return b.Bytes()
}

// Version identifies the schema: the first 16 hexadecimal digits of the SHA-256 of JSON.
func (s Schema) Version() string { return VersionOf(s.JSON()) }

// VersionOf returns the version of a schema that is given as JSON.
func VersionOf(raw []byte) string {
	const length = 16
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:length]
}

func (f Field) property() property {
	p := property{Title: f.Label, ReadOnly: f.ReadOnly}
	name := "string"
	switch f.Kind {
	case Text:
		p.MaxLength = f.Max
	case Boolean:
		name = "boolean"
	case Integer:
		name = "integer"
		p.Minimum, p.Maximum = f.MinInt, f.MaxInt
	case Choice:
		p.OneOf = constants(f.Values)
		if !f.Keep {
			p.OneOf = append(p.OneOf, constant{})
		}
	case Choices:
		p.Choices, p.MaxLength = constants(f.Values), f.Max
	}
	p.Type = name
	if !f.Keep {
		p.Type = []string{name, "null"}
	}
	return p
}

func constants(values []Value) []constant {
	var list []constant
	for _, v := range values {
		list = append(list, constant{Const: &v.Value, Title: v.Label})
	}
	return list
}

// Marshal returns the change as a JSON object with values of the right types, in the
// order of the schema: the body of POST /updateUserInfo and of Graph's PATCH. The change
// must be valid; see Check.
func (s Schema) Marshal(c Change) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range s.Changed(c) {
		f, _ := s.Field(name)
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", name)
		value, err := f.toJSON(c[name])
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// toJSON returns a value in JSON.
func (f Field) toJSON(value *string) ([]byte, error) {
	if value == nil {
		return []byte("null"), nil
	}
	switch f.Kind {
	case Boolean, Integer:
		if what, _ := f.Check(*value); what != "" {
			return nil, fmt.Errorf("%s %s", f.Name, what)
		}
		return []byte(*value), nil
	default:
		return encoded(*value), nil
	}
}

// encoded returns the JSON of a value that can always be encoded.
func encoded(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // a bug: the types are this package's
	}
	return raw
}
