package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/unicode/norm"

	"github.com/profilectl/profilectl/internal/fault"
)

// Decode reads a Change from a JSON object and holds it against the rules. It
// is strict: a name written twice, a name in another case, a value that is
// neither a string nor null, and anything after the object are refused, each
// by name. Every fault it returns is Invalid.
func Decode(body []byte) (Change, error) {
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
		if _, twice := change[name]; twice {
			return nil, &fault.Error{Kind: fault.Invalid, What: name + " is given twice", Fix: "give it once"}
		}
		change[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, notJSON(errors.New("text after the object"))
	}
	return change, change.Check()
}

// member reads one name and its value.
func member(d *json.Decoder) (string, *string, error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	name, _ := t.(string) // the decoder lets only strings stand here
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
		v = norm.NFC.String(v)
		return name, &v, nil
	default:
		return "", nil, &fault.Error{Kind: fault.Invalid, What: fmt.Sprintf("%s is not a string", name), Fix: "put the value in quotes, or send null to clear it"}
	}
}

func notJSON(err error) error {
	return &fault.Error{
		Kind: fault.Invalid, What: "the body is not one JSON object",
		Fix: `send an object such as {"displayName":"Ada L."}`, Err: err,
	}
}
