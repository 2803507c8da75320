package bearer

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
)

// FuzzEachMember compares eachMember with json.Decoder for all valid JSON.
func FuzzEachMember(f *testing.F) {
	for _, seed := range []string{
		`{}`, " {\r\n} ", `{"a":1}`, `{"a" : -1.5e3 , "b"	:	true}`, `{"a":null,"a":null}`,
		`{"a":"}","b":"\"}","c":"\\","d":"\u0022"}`, `{"\u0061":1,"a":2}`, `{"":{}}`, "{\"\xff\":\"\xff\"}",
		`{"a":[1,{"b":["]","}"]},[]],"c":{"d":{"e":"{"}}}`, `{"a":[]}`, `[]`, `"a"`, `null`, `{"é":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // eachMember only gets valid JSON
		}
		want, ok := decoded(raw)
		got := map[string]json.RawMessage{}
		err := eachMember(raw, func(name string, value json.RawMessage) error {
			got[name] = value
			return nil
		})
		if (err == nil) != ok {
			t.Fatalf("eachMember(%q): error %v", raw, err)
		}
		if err == nil && !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Fatalf("eachMember(%q) = %q, want %q", raw, got, want)
		}
	})
}

// decoded returns the members of an object, and false if raw is no object or repeats a
// name.
func decoded(raw []byte) (map[string]json.RawMessage, bool) {
	all := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		var value json.RawMessage
		if _, repeated := all[name]; err != nil || !ok || repeated || d.Decode(&value) != nil {
			return nil, false
		}
		all[name] = value
	}
	return all, true
}
