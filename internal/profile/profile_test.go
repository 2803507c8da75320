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

func TestDecode(t *testing.T) {
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
		{"text is put into NFC", `{"city":"Zu\u0308rich"}`, profile.Change{"city": str("Zürich")}, ""},
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
		{"a control character", `{"city":"A\u0007"}`, nil, "city holds a control or text-direction character"},
		{"a line feed", `{"streetAddress":"A\nB"}`, nil, "streetAddress holds a control or text-direction character"},
		{"a bidirectional override", `{"displayName":"a\u202eb"}`, nil, "displayName holds a control or text-direction character"},
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

func TestSetTakesTheFlagsNameToo(t *testing.T) {
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

func TestDiffLeavesOutWhatIsAlreadyThere(t *testing.T) {
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
