package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
)

// Decode reads a change of the built-in fields; see Schema.Decode.
func Decode(body []byte) (Change, error) { return BuiltIn().Decode(body) }

// Decode reads a Change from a JSON object and checks it. It is strict: it rejects
// bytes that are not UTF-8 (RFC 8259, 8.1), a name that is given twice or in another
// case, a value of another type than the field's, and anything after the object.
// Surrounding blanks of texts are trimmed, and several choices are put into the order of
// their field. Every fault that it returns is Invalid.
func (s Schema) Decode(body []byte) (Change, error) {
	change, err := s.Parse(body)
	if err != nil {
		return nil, err
	}
	for name, value := range change {
		if f, _ := s.Field(name); value != nil {
			trimmed := f.trim(*value)
			change[name] = &trimmed
		}
	}
	return change, s.Check(change)
}

// Parse is like Decode but neither checks nor trims the values.
func (s Schema) Parse(body []byte) (Change, error) {
	if !utf8.Valid(body) {
		return nil, &fault.Error{
			Kind: fault.Invalid,
			What: "the text is not valid UTF-8",
			Fix:  "encode it as UTF-8",
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, notJSON(err)
	}
	change := Change{}
	for d.More() {
		name, value, err := s.member(d)
		if err != nil {
			return nil, err
		}
		if _, given := change[name]; given {
			return nil, &fault.Error{
				Kind: fault.Invalid,
				What: Short(name) + " is given twice",
				Fix:  "give it once",
			}
		}
		change[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, notJSON(errors.New("text after the object"))
	}
	return change, nil
}

// member reads one name and its value.
func (s Schema) member(d *json.Decoder) (string, *string, error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	name, _ := t.(string) // the decoder allows only a string here
	f, ok := s.Field(name)
	if !ok {
		return "", nil, s.unknownProperty(name)
	}
	t, err = d.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	if t == nil {
		return name, nil, nil
	}
	value, ok := f.fromJSON(t)
	if !ok {
		return "", nil, f.wrongType()
	}
	return name, &value, nil
}

// fromJSON returns the value of a JSON token, and false if it has another type than the
// field.
func (f Field) fromJSON(t json.Token) (value string, ok bool) {
	switch f.Kind {
	case Boolean:
		b, ok := t.(bool)
		return fmt.Sprint(b), ok
	case Integer:
		n, ok := t.(json.Number)
		if _, whole := parseInteger(n.String()); !whole {
			return "", false
		}
		return n.String(), ok
	default:
		value, ok = t.(string)
		return value, ok
	}
}

// wrongType returns the fault of a JSON value of another type than the field's.
func (f Field) wrongType() error {
	what, fix := "is not a string", "put the value in quotes"
	switch f.Kind {
	case Boolean:
		what, fix = "is not a boolean", "send true or false without quotes"
	case Integer:
		what, fix = "is not an integer of 64 bits", "send digits without quotes, fraction or exponent"
	}
	if !f.Keep {
		fix += ", or unset it with null"
	}
	return &fault.Error{Kind: fault.Invalid, What: f.Short() + " " + what, Fix: fix}
}

// trim returns a value from JSON without the surrounding blanks of a text, and with several
// choices in order. Other values are either exact or invalid.
func (f Field) trim(value string) string {
	switch f.Kind {
	case Text:
		return strings.TrimSpace(value)
	case Choices:
		return f.join(f.Split(value))
	default:
		return value
	}
}

func notJSON(err error) error {
	return &fault.Error{
		Kind: fault.Invalid,
		What: "the body is not one JSON object",
		Fix:  `send an object such as {"displayName":"Ada L."}`,
		Err:  err,
	}
}
