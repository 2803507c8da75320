package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// members returns the members of a JSON object by their exact names. A repeated name is
// an error.
func members(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	all := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // always: the decoder checks the syntax of objects
		if _, repeated := all[name]; repeated {
			return nil, fmt.Errorf("%q is repeated", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON object")
	}
	return all, nil
}

// text returns a function that reads a JSON string into p.
func text(p *string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if !isString(raw) {
			return errors.New("not a string")
		}
		return json.Unmarshal(raw, p)
	}
}

// texts returns a function that reads a JSON string, or a list of strings, into p.
func texts(p *[]string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if isString(raw) {
			*p = []string{""}
			return json.Unmarshal(raw, &(*p)[0])
		}
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil || list == nil {
			return errors.New("neither a string nor a list of strings")
		}
		*p = make([]string, len(list))
		for i, item := range list {
			if err := text(&(*p)[i])(item); err != nil {
				return err
			}
		}
		return nil
	}
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// latest is the last second of the year 9999, the last year of RFC 3339.
const latest = 253402300799

// date returns a function that reads seconds since 1970, a JSON number, into p (RFC
// 7519, 2). A number beyond the year 9999 would overflow later calculations.
func date(p **jwt.NumericDate) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if len(raw) == 0 || raw[0] < '0' || raw[0] > '9' {
			return errors.New("not a number of seconds since 1970")
		}
		seconds, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || seconds > latest {
			return errors.New("a date after the year 9999")
		}
		whole, fraction := math.Modf(seconds)
		*p = &jwt.NumericDate{Time: time.Unix(int64(whole), int64(fraction*float64(time.Second)))}
		return nil
	}
}
