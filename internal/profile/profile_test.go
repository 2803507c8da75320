package profile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

func TestDecodeReadsAChange(t *testing.T) {
	str := func(s string) *string { return &s }
	emoji := strings.Repeat("\U0001F600", 32) // 64 UTF-16 units
	accents := "Z" + strings.Repeat("\u0300", 100)
	for _, c := range []struct {
		name, body string
		want       profile.Change
	}{
		{
			"the three fields of the how-to",
			`{"displayName":"Ada","givenName":"Ada","surname":"Lovelace"}`,
			profile.Change{"displayName": str("Ada"), "givenName": str("Ada"), "surname": str("Lovelace")},
		},
		{
			"null, which clears a field",
			`{"city":null}`,
			profile.Change{"city": nil},
		},
		{
			"decomposed text, which stays decomposed",
			`{"city":"Zu\u0308rich"}`,
			profile.Change{"city": str("Zu\u0308rich")},
		},
		{
			"surrounding blanks, which are trimmed",
			`{"city":" Bern\u3000"}`,
			profile.Change{"city": str("Bern")},
		},
		{
			"the flag of Wales",
			`{"displayName":"🏴󠁧󠁢󠁷󠁬󠁳󠁿 Gwen"}`,
			profile.Change{"displayName": str("🏴󠁧󠁢󠁷󠁬󠁳󠁿 Gwen")},
		},
		{
			"a long run of combining marks",
			`{"displayName":"` + accents + `"}`,
			profile.Change{"displayName": str(accents)},
		},
		{
			"a surrogate pair",
			`{"displayName":"Ada \ud83d\ude00"}`,
			profile.Change{"displayName": str("Ada 😀")},
		},
		{
			"a joiner inside an emoji",
			`{"displayName":"👩‍💻"}`,
			profile.Change{"displayName": str("👩‍💻")},
		},
		{
			"right-to-left script without overrides",
			`{"displayName":"עדה"}`,
			profile.Change{"displayName": str("עדה")},
		},
		{
			"the maximum length in UTF-16 units",
			`{"givenName":"` + emoji + `"}`,
			profile.Change{"givenName": str(emoji)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := profile.Decode([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, c.want); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeRejectsInvalidChanges(t *testing.T) {
	const (
		notUnicode = "displayName is not valid Unicode text"
		invisible  = "displayName shows no visible character"
		deceptive  = "displayName contains a control or text-direction character"
		notUTF8    = "the text is not valid UTF-8"
		notObject  = "the body is not one JSON object"
	)
	emoji := strings.Repeat("\U0001F600", 32) // 64 UTF-16 units
	for _, c := range []struct{ name, body, what string }{
		{"a lone surrogate", `{"displayName":"Ada \ud83d"}`, notUnicode},
		{"a replacement character", `{"city":"Z\ufffdrich"}`, "city is not valid Unicode text"},
		{"ISO 8859-1", "{\"city\":\"Z\xfcrich\"}", notUTF8},
		{"an overlong form", "{\"city\":\"\xc0\xaf\"}", notUTF8},
		{"a surrogate in UTF-8", "{\"city\":\"\xed\xa0\xbd\"}", notUTF8},
		{"a zero-width space alone", `{"displayName":"\u200b"}`, invisible},
		{"a Hangul filler alone", `{"displayName":"\u3164"}`, invisible},
		{"a blank braille pattern alone", `{"displayName":"\u2800"}`, invisible},
		{"combining marks alone", `{"displayName":"\u0301\u0301"}`, invisible},
		{"tags without a flag", `{"displayName":"Ada\udb40\udc41"}`, deceptive},
		{"tags without an end", `{"displayName":"🏴\udb40\udc67x"}`, deceptive},
		{
			"one UTF-16 unit too long",
			`{"givenName":"` + emoji + `a"}`,
			"givenName has 65 characters; at most 64 are allowed",
		},
		{"a field that cannot be cleared", `{"displayName":null}`, "displayName cannot be cleared"},
		{"an empty value", `{"city":""}`, "city is empty"},
		{"a blank value", `{"city":" \u00a0"}`, "city is empty"},
		{"no members", `{}`, "there is nothing to change"},
		{
			"a property that users may not change",
			`{"mail":"a@b"}`,
			`"mail" is not a field you may change`,
		},
		{
			"a name of Graph in another case",
			`{"DisplayName":"A"}`,
			`"DisplayName" is not a field you may change`,
		},
		{"a name given twice", `{"city":"A","city":"B"}`, "city is given twice"},
		{"a number", `{"city":1}`, "city is not a string"},
		{"an object", `{"city":{}}`, "city is not a string"},
		{"an array", `[]`, notObject},
		{"an empty body", ``, notObject},
		{"a truncated object", `{"city":"A"`, notObject},
		{"text after the object", `{"city":"A"} x`, notObject},
		{"a second object", `{"city":"A"}{}`, notObject},
		{
			"a control character",
			`{"city":"A\u0007"}`,
			"city contains a control or text-direction character",
		},
		{
			"a line feed",
			`{"streetAddress":"A\nB"}`,
			"streetAddress contains a control or text-direction character",
		},
		{"a bidirectional override", `{"displayName":"a\u202eb"}`, deceptive},
		{
			"an invalid language tag",
			`{"preferredLanguage":"english please"}`,
			"preferredLanguage is not a language tag",
		},
		{
			"two broken values",
			`{"city":"","preferredLanguage":"?"}`,
			"city is empty; preferredLanguage is not a language tag",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := profile.Decode([]byte(c.body))
			f := fault.As(err)
			if err == nil || f.Kind != fault.Invalid || f.What != c.what || f.Fix == "" {
				t.Fatalf("got %v (fix %q), want %q", err, f.Fix, c.what)
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
	if d := cmp.Diff(c.Only(diff), profile.Change{"displayName": str("Ada"), "surname": nil}); d != "" {
		t.Error(d)
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

func TestChangeShortensUnknownNames(t *testing.T) {
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

func TestSchemaImpossibleMeansThatNoProfileHoldsAValue(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		name   string
		change profile.Change
		want   bool
	}{
		{"valid", profile.Change{"city": text("Bern"), "country": nil}, false},
		{"empty", profile.Change{"city": text("Bern"), "state": text(" \t")}, true},
		{"too long", profile.Change{"city": text(strings.Repeat("x", 129))}, true},
		{"not Unicode", profile.Change{"city": text("\xff")}, true},
		{"cleared but required", profile.Change{"displayName": nil}, true},
		{"a language tag that edit does not allow", profile.Change{"preferredLanguage": text("en_US")}, false},
		{"two lines", profile.Change{"streetAddress": text("1 Main\nApt 2")}, false},
	} {
		if got := profile.BuiltIn().Impossible(c.change); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
