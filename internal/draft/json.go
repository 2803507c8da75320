package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// readJSON reads an object of properties.
func (d Draft) readJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return notJSON()
	}
	for decoder.More() {
		t, err := decoder.Token()
		if err != nil {
			return notJSON()
		}
		name, _ := t.(string) // the decoder allows only a string here
		var value any
		if err := decoder.Decode(&value); err != nil {
			return notJSON()
		}
		if err := d.put(name, 0, value); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return notJSON()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return notJSON()
	}
	return nil
}

func notJSON() error {
	return invalid("it is not one JSON object", `write an object such as {"displayName":"Ada L."}`)
}

// canonicalJSON returns a JSON value as readJSON does, or nil if there is none, so that the
// values of a draft and of Graph can be compared.
func canonicalJSON(raw json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

func join(parts []string) string { return strings.Join(parts, "; ") }
