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

// Decode reads a Change from a JSON object and checks it. It is strict: it rejects
// bytes that are not UTF-8 (RFC 8259, 8.1), a name that is given twice or in another
// case, a value that is neither a string nor null, and anything after the object.
// Surrounding blanks are trimmed. Every fault that it returns is Invalid.
func Decode(body []byte) (Change, error) {
	change, err := Parse(body)
	if err != nil {
		return nil, err
	}
	for name, value := range change {
		if value != nil {
			trimmed := strings.TrimSpace(*value)
			change[name] = &trimmed
		}
	}
	return change, change.Check()
}

// Parse is like Decode but neither checks nor trims the values.
func Parse(body []byte) (Change, error) {
	if !utf8.Valid(body) {
		return nil, &fault.Error{
			Kind: fault.Invalid,
			What: "the text is not valid UTF-8",
			Fix:  "encode it as UTF-8",
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, notJSON(err)
	}
	change := Change{}
	for d.More() {
		name, value, err := member(d)
		if err != nil {
			return nil, err
		}
		if _, given := change[name]; given {
			return nil, &fault.Error{
				Kind: fault.Invalid,
				What: name + " is given twice",
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
func member(d *json.Decoder) (string, *string, error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	name, _ := t.(string) // the decoder allows only a string here
	if _, ok := byName(name); !ok {
		return "", nil, unknown(name)
	}
	t, err = d.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	switch v := t.(type) {
	case nil:
		return name, nil, nil
	case string:
		return name, &v, nil
	default:
		return "", nil, &fault.Error{
			Kind: fault.Invalid,
			What: fmt.Sprintf("%s is not a string", name),
			Fix:  "put the value in quotes, or unset it with null",
		}
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
