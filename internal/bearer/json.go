package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// eachMember calls read with the name and the value of each member of a JSON object. A
// repeated name is an error. raw must be valid JSON, as what encoding/json passes to an
// UnmarshalJSON. json.Decoder reads each value several times, which made this a tenth of
// the time of a request from a new user.
func eachMember(raw []byte, read func(name string, value json.RawMessage) error) error {
	const usual = 24 // members of Entra's tokens, about
	seen := make(map[string]bool, usual)
	rest, ok := bytes.CutPrefix(trim(raw), []byte("{"))
	if !ok {
		return errors.New("not a JSON object")
	}
	for rest = trim(rest); len(rest) > 0 && rest[0] != '}'; {
		var quoted, value []byte
		quoted, rest = cutValue(rest)
		value, rest = cutValue(after(rest, ":"))
		rest = after(rest, ",")
		name, err := unquote(quoted)
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%q is repeated", name)
		}
		seen[name] = true
		if err := read(name, value); err != nil {
			return err
		}
	}
	return nil
}

// cutValue returns the JSON value that raw begins with, and what follows it.
func cutValue(raw []byte) (value, rest []byte) {
	end := bytes.IndexAny(raw, ",]} \t\r\n") // of a number, true, false or null
	if isString(raw) {
		end = endOfString(raw)
	} else if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		end = endOfNested(raw)
	}
	if end < 0 {
		end = len(raw)
	}
	return raw[:end], raw[end:]
}

// endOfNested returns the length of the object or list that raw begins with.
func endOfNested(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += endOfString(raw[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(raw)
}

// endOfString returns the length of the string that raw begins with, with its quotes.
func endOfString(raw []byte) int {
	for i := 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// unquote returns the text of a JSON string.
func unquote(raw []byte) (text string, err error) {
	if len(raw) > 1 && !bytes.ContainsRune(raw, '\\') && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), nil
	}
	err = json.Unmarshal(raw, &text)
	return text, err
}

func trim(raw []byte) []byte { return bytes.TrimLeft(raw, " \t\r\n") }

// after returns what follows a separator and the spaces around it.
func after(raw []byte, separator string) []byte {
	return trim(bytes.TrimPrefix(trim(raw), []byte(separator)))
}

// text returns a function that reads a JSON string into p.
func text(p *string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if !isString(raw) {
			return errors.New("not a string")
		}
		var err error
		*p, err = unquote(raw)
		return err
	}
}

// texts returns a function that reads a JSON string, or a list of strings, into p.
func texts(p *[]string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if isString(raw) {
			one, err := unquote(raw)
			*p = []string{one}
			return err
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
