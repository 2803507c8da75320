package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Profile is a user as Graph returned it.
type Profile struct {
	Raw    []byte // Graph's JSON, unchanged
	values map[string]json.RawMessage
}

// Values returns the properties that are strings, booleans or numbers, as text; nil
// stands for a property without a value. Properties of other types, such as lists, are
// left out.
func (p Profile) Values() map[string]*string {
	values := map[string]*string{}
	for name, raw := range p.values {
		var value any
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if decoder.Decode(&value) != nil {
			continue
		}
		switch v := value.(type) {
		case nil:
			values[name] = nil
		case string, bool, json.Number:
			text := fmt.Sprint(v)
			values[name] = &text
		}
	}
	return values
}

// Property returns the JSON of a property, or nil if Graph did not return it.
func (p Profile) Property(name string) json.RawMessage { return p.values[name] }

// Only returns the named properties as a JSON object, in the given order. It leaves
// out those that Graph did not return.
func (p Profile) Only(names ...string) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range names {
		raw, ok := p.values[name]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(name) + ":") // names are plain ASCII
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// SignInName returns the email address that a customer signs in with, or an empty
// string. It is in identities; in external tenants, mail is usually empty.
func (p Profile) SignInName() string {
	var identities []struct {
		Type string `json:"signInType"`
		ID   string `json:"issuerAssignedId"`
	}
	if json.Unmarshal(p.values["identities"], &identities) != nil {
		return ""
	}
	for _, i := range identities {
		if strings.EqualFold(i.Type, "emailAddress") {
			return i.ID
		}
	}
	return ""
}

// depth returns how deeply the arrays and objects of a JSON text are nested.
func depth(text []byte) (deepest int) {
	level, quoted, escaped := 0, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{', c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}', c == ']':
			level--
		}
	}
	return deepest
}
