package profile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

func TestSchemaJSONDescribesTheFields(t *testing.T) {
	got := string(custom(t).JSON())
	for _, want := range []string{
		`"displayName":{"type":"string","title":"Display name","maxLength":256},"givenName":{"type":["string","null"]`,
		`Newsletter":{"type":"boolean","title":"Newsletter"}`,
		`Points":{"type":["integer","null"],"title":"Points","minimum":0,"maximum":1000,"readOnly":true}`,
		`Diet":{"type":["string","null"],"title":"Diet","oneOf":[{"const":"vegan","title":"Vegan"},` +
			`{"const":"any","title":"No restrictions"},{"const":null}]}`,
		`Interests":{"type":["string","null"],"title":"Interests","maxLength":250,` +
			`"x-choices":[{"const":"music","title":"Music"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nis not in\n%s", want, got)
		}
	}
	if !json.Valid([]byte(got)) {
		t.Error("it is not JSON")
	}
}

func TestParseSchemaReturnsWhatJSONWrote(t *testing.T) {
	for _, s := range []profile.Schema{profile.BuiltIn(), custom(t)} {
		got, err := profile.ParseSchema(s.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got.Fields(), s.Fields()); d != "" {
			t.Error(d)
		}
		if got.Version() != s.Version() || len(s.Version()) != 16 {
			t.Errorf("got version %s, want %s", got.Version(), s.Version())
		}
	}
	if profile.BuiltIn().Version() == custom(t).Version() {
		t.Error("two schemas have the same version")
	}
}

func TestParseSchemaIgnoresWhatItDoesNotKnow(t *testing.T) {
	raw := `{"title":"x","properties":{
		"id":{"type":"string"},"__proto__":{"type":"object"},"City":{"type":"integer"},"newField":17,
		"` + app + `LоyaltyNumber":{"type":"string","title":"Loyalty"},
		"city":{"type":["string","null"],"title":"Town","pattern":"x","maxLength":5},
		"` + app + `Diet":{"type":"string","title":"Diet","examples":["x"]}}}`
	s, err := profile.ParseSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s.Names(), []string{"city", app + "Diet"}); d != "" {
		t.Error(d)
	}
	if f, _ := s.Lookup("city"); f.Label != "City" || f.Max != 128 {
		t.Errorf("the mid-tier changed a built-in field: %+v", f)
	}
}

func TestParseSchemaRejectsHostileSchemas(t *testing.T) {
	property := func(name, definition string) string { return `{"properties":{"` + name + `":` + definition + `}}` }
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, `"%sA%d":{"type":"string","title":"A"},`, app, i)
	}
	for name, raw := range map[string]string{
		"empty":                        ``,
		"a page":                       `<html>`,
		"an array":                     `[]`,
		"no properties":                `{}`,
		"properties in an array":       `{"properties":[]}`,
		"bytes that are not UTF-8":     property(app+"Size", "{\"type\":\"string\",\"title\":\"\xff\"}"),
		"megabytes":                    property("x", `"`+strings.Repeat("x", profile.MaxSchema)+`"`),
		"thousands of properties":      `{"properties":{` + many.String() + `"city":{"type":"string"}}}`,
		"deep nesting":                 property("x", strings.Repeat("[", 20000)+strings.Repeat("]", 20000)),
		"a built-in field of a number": property("displayName", `{"type":"integer"}`),
		"a built-in field of choices":  property("city", `{"type":"string","oneOf":[{"const":"a"}]}`),
		"a property twice":             `{"properties":{"city":{"type":"string"},"city":{"type":"string"}}}`,
		"a label that clears a screen": property(app+"Size", `{"type":"string","title":"\u001b[2J"}`),
		"a label that turns text":      property(app+"Size", `{"type":"string","title":"a\u202eb"}`),
		"a label of a lone surrogate":  property(app+"Size", `{"type":"string","title":"a\ud800"}`),
		"a choice that rings":          property(app+"X", `{"type":"string","title":"x","oneOf":[{"const":"\u0007"}]}`),
		"no type":                      property(app+"Size", `{"title":"Size"}`),
		"an unknown type":              property(app+"Size", `{"type":"object","title":"Size"}`),
		"three types":                  property(app+"Size", `{"type":["string","null","integer"],"title":"Size"}`),
		"a fraction as the limit":      property(app+"Size", `{"type":"integer","title":"Size","maximum":1.5}`),
		"a limit over Graph's":         property(app+"Size", `{"type":"string","title":"Size","maxLength":251}`),
		"the short name of a field": `{"properties":{"city":{"type":"string"},` +
			`"` + app + `City":{"type":"string","title":"City"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := profile.ParseSchema([]byte(raw))
			f := fault.As(err)
			if err == nil || f.Kind != fault.Invalid || f.Fix == "" {
				t.Fatalf("got %v, %v", s.Names(), err)
			}
			if strings.ContainsFunc(f.What, func(r rune) bool { return r < ' ' }) || len(f.What) > 400 {
				t.Errorf("got %q", f.What)
			}
		})
	}
}

func FuzzParseSchema(f *testing.F) {
	f.Add(custom(f).JSON())
	f.Add([]byte(`{"properties":{"city":{"type":["string","null"],"readOnly":true}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := profile.ParseSchema(raw)
		if err != nil {
			if fault.As(err).Kind != fault.Invalid {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		again, err := profile.ParseSchema(s.JSON())
		if len(s.Names()) == 0 {
			return
		}
		if err != nil || again.Version() != s.Version() {
			t.Errorf("%q came back as %q: %v", raw, s.JSON(), err)
		}
	})
}
