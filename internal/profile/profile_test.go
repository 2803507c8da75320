package profile_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

func TestDecodeReadsAndChecksAChange(t *testing.T) {
	str := func(s string) *string { return &s }
	emoji := strings.Repeat("\U0001F600", 32) // 64 UTF-16 units
	for _, c := range []struct {
		name, body string
		want       profile.Change
		what       string
	}{
		{"the how-to's three fields", `{"displayName":"Ada","givenName":"Ada","surname":"Lovelace"}`,
			profile.Change{"displayName": str("Ada"), "givenName": str("Ada"), "surname": str("Lovelace")}, ""},
		{"null clears", `{"city":null}`, profile.Change{"city": nil}, ""},
		{"decomposed text stays decomposed", `{"city":"Zu\u0308rich"}`, profile.Change{"city": str("Zu\u0308rich")}, ""},
		{"surrounding blanks are trimmed", `{"city":" Bern\u3000"}`, profile.Change{"city": str("Bern")}, ""},
		{"the flag of Wales", `{"displayName":"🏴󠁧󠁢󠁷󠁬󠁳󠁿 Gwen"}`, profile.Change{"displayName": str("🏴󠁧󠁢󠁷󠁬󠁳󠁿 Gwen")}, ""},
		{"a long run of combining marks", `{"displayName":"Z` + strings.Repeat("\u0300", 100) + `"}`,
			profile.Change{"displayName": str("Z" + strings.Repeat("\u0300", 100))}, ""},
		{"a surrogate pair", `{"displayName":"Ada \ud83d\ude00"}`, profile.Change{"displayName": str("Ada 😀")}, ""},
		{"a lone surrogate", `{"displayName":"Ada \ud83d"}`, nil, "displayName is not valid Unicode text"},
		{"a replacement character", `{"city":"Z\ufffdrich"}`, nil, "city is not valid Unicode text"},
		{"ISO 8859-1", "{\"city\":\"Z\xfcrich\"}", nil, "the text is not valid UTF-8"},
		{"an overlong form", "{\"city\":\"\xc0\xaf\"}", nil, "the text is not valid UTF-8"},
		{"a surrogate in UTF-8", "{\"city\":\"\xed\xa0\xbd\"}", nil, "the text is not valid UTF-8"},
		{"a zero-width space alone", `{"displayName":"\u200b"}`, nil, "displayName shows no visible character"},
		{"a Hangul filler alone", `{"displayName":"\u3164"}`, nil, "displayName shows no visible character"},
		{"a blank braille pattern alone", `{"displayName":"\u2800"}`, nil, "displayName shows no visible character"},
		{"combining marks alone", `{"displayName":"\u0301\u0301"}`, nil, "displayName shows no visible character"},
		{"tags without a flag", `{"displayName":"Ada\udb40\udc41"}`, nil, "displayName contains a control or text-direction character"},
		{"tags without an end", `{"displayName":"🏴\udb40\udc67x"}`, nil, "displayName contains a control or text-direction character"},
		{"a joiner inside an emoji stays", `{"displayName":"👩‍💻"}`, profile.Change{"displayName": str("👩‍💻")}, ""},
		{"right-to-left script without overrides", `{"displayName":"עדה"}`, profile.Change{"displayName": str("עדה")}, ""},
		{"length counts UTF-16 units, exactly", `{"givenName":"` + emoji + `"}`, profile.Change{"givenName": str(emoji)}, ""},
		{"one unit too long", `{"givenName":"` + emoji + `a"}`, nil, "givenName has 65 characters; at most 64 are allowed"},
		{"displayName cannot be cleared", `{"displayName":null}`, nil, "displayName cannot be cleared"},
		{"empty is not null", `{"city":""}`, nil, "city is empty"},
		{"blank is empty", `{"city":" \u00a0"}`, nil, "city is empty"},
		{"no members", `{}`, nil, "there is nothing to change"},
		{"a field of the directory that a user may not change", `{"mail":"a@b"}`, nil, `"mail" is not a field you may change`},
		{"Graph's names are exact", `{"DisplayName":"A"}`, nil, `"DisplayName" is not a field you may change`},
		{"a name given twice", `{"city":"A","city":"B"}`, nil, "city is given twice"},
		{"a number", `{"city":1}`, nil, "city is not a string"},
		{"an object", `{"city":{}}`, nil, "city is not a string"},
		{"an array", `[]`, nil, "the body is not one JSON object"},
		{"nothing", ``, nil, "the body is not one JSON object"},
		{"cut off", `{"city":"A"`, nil, "the body is not one JSON object"},
		{"text after the object", `{"city":"A"} x`, nil, "the body is not one JSON object"},
		{"a second object", `{"city":"A"}{}`, nil, "the body is not one JSON object"},
		{"a control character", `{"city":"A\u0007"}`, nil, "city contains a control or text-direction character"},
		{"a line feed", `{"streetAddress":"A\nB"}`, nil, "streetAddress contains a control or text-direction character"},
		{"a bidirectional override", `{"displayName":"a\u202eb"}`, nil, "displayName contains a control or text-direction character"},
		{"not a language", `{"preferredLanguage":"english please"}`, nil, "preferredLanguage is not a language tag"},
		{"every broken value is named", `{"city":"","preferredLanguage":"?"}`, nil, "city is empty; preferredLanguage is not a language tag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := profile.Decode([]byte(c.body))
			if c.what != "" {
				e := fault.As(err)
				if err == nil || e.Kind != fault.Invalid || e.What != c.what || e.Fix == "" {
					t.Fatalf("got %v (fix %q), want %q", err, e.Fix, c.what)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, c.want); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestChangeSetAcceptsTheFlagsName(t *testing.T) {
	c := profile.Change{}
	for _, name := range []string{"display-name", "DISPLAYNAME"} {
		if err := c.Set(name, "Ada"); err != nil {
			t.Error(err)
		}
	}
	if err := c.Clear("nope"); fault.As(err).Kind != fault.Invalid {
		t.Errorf("an unknown field: got %v", err)
	}
	if body, _ := json.Marshal(c); string(body) != `{"displayName":"Ada"}` {
		t.Errorf("got %s", body)
	}
}

func TestChangeDiffOmitsCurrentValues(t *testing.T) {
	str := func(s string) *string { return &s }
	c := profile.Change{"city": str("Bern"), "surname": nil, "displayName": str("Ada"), "state": nil}
	current := map[string]*string{"city": str("Bern"), "surname": str("L"), "displayName": nil}
	diff := c.Diff(current)
	want := []profile.Difference{{Field: "displayName", After: str("Ada")}, {Field: "surname", Before: str("L")}}
	if d := cmp.Diff(diff, want); d != "" {
		t.Error(d)
	}
	if got := c.Only(diff); !maps.EqualFunc(got, profile.Change{"displayName": c["displayName"], "surname": nil}, func(a, b *string) bool { return a == b }) {
		t.Errorf("got %v", got)
	}
}

func TestChangeAgainstKeepsWhatTheUserDidNotChange(t *testing.T) {
	str := func(s string) *string { return &s }
	current := map[string]*string{
		"streetAddress":     str("1 Main\r\nApt 2"),
		"preferredLanguage": str("en_US"),
		"city":              str("Zu\u0308rich"),
		"surname":           str(" Lovelace "),
		"country":           str("Denmark"),
	}
	change := profile.Change{
		"streetAddress":     str("1 Main\nApt 2"),
		"preferredLanguage": str("en_US"),
		"city":              str("Zürich"),
		"surname":           str("Lovelace"),
		"country":           str("  Schwei\u007a "),
		"state":             nil,
	}
	got := change.Against(current)
	if want := (profile.Change{"country": str("Schweiz")}); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(got, want))
	}
	if err := got.Check(); err != nil {
		t.Errorf("a value that the user did not change is checked: %v", err)
	}
}

func TestUnknownFieldNamesAreBounded(t *testing.T) {
	err := profile.Change{}.Clear(strings.Repeat("é", 32<<10))
	if f := fault.As(err); len(f.What) > 300 {
		t.Errorf("the message has %d bytes", len(f.What))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"displayName":"Ada","city":null}`))
	f.Add([]byte(`{"city":"A","city":"B"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := profile.Decode(body)
		if err != nil {
			if fault.As(err).Kind != fault.Invalid {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := profile.Decode(again); err != nil {
			t.Errorf("%q came back as %q: %v", body, again, err)
		}
	})
}
