package draft_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/draft"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// wide is 256 UTF-16 code units of emoji, the maximum length of a display name.
var wide = strings.Repeat("😀", 128)

// read returns the change that a draft makes to a profile in which every field has
// another value.
func read(text []byte) (profile.Change, error) {
	d, err := draft.Read(profile.BuiltIn(), text)
	if err != nil {
		return nil, err
	}
	other := "another value"
	current := map[string]*string{}
	for _, name := range profile.Names() {
		current[name] = &other
	}
	return d.Against(current, func(string) json.RawMessage { return nil })
}

func TestReadUnderstandsYAMLAndJSON(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]string // <nil> stands for a cleared field
	}{
		{
			"YAML",
			"displayName: Ada L.\ncity:\n",
			map[string]string{"displayName": "Ada L.", "city": "<nil>"},
		},
		{
			"JSON",
			`{"displayName":"Ada \ud83d\ude00","city":null}`,
			map[string]string{"displayName": "Ada 😀", "city": "<nil>"},
		},
		{
			"the names of the flags in any case",
			"Display-Name: Ada\nPOSTALCODE: '3011'\n",
			map[string]string{"displayName": "Ada", "postalCode": "3011"},
		},
		{
			"comments and blank lines",
			"# head\n\ncity: Bern  # beside\n",
			map[string]string{"city": "Bern"},
		},
		{"CRLF", "city: Bern\r\nstate: BE\r\n", map[string]string{"city": "Bern", "state": "BE"}},
		{"a byte order mark", "\xef\xbb\xbfcity: Bern\n", map[string]string{"city": "Bern"}},
		{
			"every form of no value",
			"city: null\nstate: ~\nsurname:\n",
			map[string]string{"city": "<nil>", "state": "<nil>", "surname": "<nil>"},
		},
		{
			"a quoted word that YAML would read as a boolean",
			"country: 'NO'\n",
			map[string]string{"country": "NO"},
		},
		{
			"a country code that YAML 1.1 reads as a boolean",
			"country: NO\n",
			map[string]string{"country": "NO"},
		},
		{
			"right-to-left script",
			"displayName: עדה לאבלייס\n",
			map[string]string{"displayName": "עדה לאבלייס"},
		},
		{
			"a combining accent, which becomes one character",
			"surname: e\u0301\n",
			map[string]string{"surname": "é"},
		},
		{
			"the maximum length in emoji",
			"displayName: " + wide + "\n",
			map[string]string{"displayName": wide},
		},
		{
			"an emoji with joiners",
			"displayName: 👩‍👩‍👧\n",
			map[string]string{"displayName": "👩‍👩‍👧"},
		},
		{"an empty text", "", map[string]string{}},
		{"only comments", "# city: Bern\n", map[string]string{}},
		{"an empty object", "{ }\n", map[string]string{}},
		{"a null document", "null\n", map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Errorf("got %d fields, want %d", len(got), len(c.want))
			}
			for name, want := range c.want {
				value, given := got[name]
				if !given || value == nil && want != "<nil>" || value != nil && *value != want {
					t.Errorf("%s is %v", name, value)
				}
			}
		})
	}
}

func TestReadNamesEveryErrorWithItsLine(t *testing.T) {
	bomb := "a: &a [x, x]\n" + "b: &b [*a, *a]\nc: &c [*b, *b]\ncity: *c\n"
	for _, c := range []struct{ name, text, what, fix string }{
		{
			"a number",
			"city: Bern\npostalCode: 3011\n",
			"line 2: postalCode is not text",
			"line 2: put the value in quotes",
		},
		{"NaN", "city: .nan\n", "line 1: city is not text", "line 1: put the value in quotes"},
		{
			"a boolean",
			"state: true\n",
			"line 1: state is not text",
			"line 1: put the value in quotes",
		},
		{
			"a date",
			"surname: 2026-11-23\n",
			"line 1: surname is not text",
			"line 1: put the value in quotes",
		},
		{"a list", "city: [Bern]\n", "line 1: city is not text", "line 1: put the value in quotes"},
		{
			"binary data",
			"city: !!binary aGk=\n",
			"line 1: city is not text",
			"line 1: put the value in quotes",
		},
		{
			"a tag",
			"city: !secret x\n",
			"line 1: city is not text",
			"line 1: put the value in quotes",
		},
		{
			"a number in JSON",
			`{"postalCode":3011}`,
			"postalCode is not text",
			"put the value in quotes",
		},
		{
			"an unknown field",
			"ctiy: Bern\n",
			`line 1: "ctiy" is not a field you may change`,
			"line 1: did you mean city?",
		},
		{"a merge key", "<<: {city: Bern}\n", `line 1: "<<" is not a field you may change`, ""},
		{
			"a field twice",
			"city: Bern\nCITY: Basel\n",
			"line 2: city is given twice",
			"line 2: give it once",
		},
		{
			"two errors",
			"city: 1\nsize: 2\n",
			`line 1: city is not text; line 2: "size" is not a field you may change`,
			"",
		},
		{
			"a broken rule",
			"city: Bern\ndisplayName:\npreferredLanguage: english!\n",
			"line 2: displayName cannot be cleared; line 3: preferredLanguage is not a language tag",
			"line 2: give displayName a value; line 3: write it as en-US or de",
		},
		{
			"an empty value",
			"city: ''\n",
			"line 1: city is empty",
			"line 1: give city a value, or unset it with null",
		},
		{
			"one UTF-16 unit too long",
			"displayName: " + wide + "x\n",
			"line 1: displayName has 257 characters; at most 256 are allowed",
			"line 1: shorten it",
		},
		{
			"a text-direction override",
			"displayName: \"Ada \\u202e\"\n",
			"line 1: displayName contains a control or text-direction character",
			"",
		},
		{"a lone surrogate", "displayName: \"\\ud83d\"\n", "", ""},
		{
			"an alias bomb",
			bomb,
			`line 1: "a" is not a field you may change; line 2: "b" is not a field you may change; ` +
				`line 3: "c" is not a field you may change; line 4: city uses a YAML anchor`,
			"",
		},
		{
			"an anchor",
			"city: &x Bern\n",
			"line 1: city uses a YAML anchor",
			"line 1: write the value out",
		},
		{"an alias", "city: Bern\nstate: *city\n", "", ""},
		{
			"a list at the top",
			"- city\n",
			"line 1 names no field",
			"write one field and its value on each line, for example city: Bern",
		},
		{"plain text", "hello\n", "line 1 names no field", ""},
		{
			"two documents",
			"city: Bern\n---\ncity: Basel\n",
			"it holds more than one document",
			"remove everything after the line ---",
		},
		{
			"broken YAML",
			"city: 'Bern\n",
			"",
			"write one field and its value on each line, for example city: Bern; quote values that contain a colon",
		},
		{"broken JSON", `{"city":`, "it is not one JSON object", ""},
		{"deep brackets", strings.Repeat("[", 30_000), "", ""},
		{"UTF-16", "\xff\xfec\x00i\x00", "it is UTF-16", "save it as UTF-8"},
		{"ISO 8859-1", "city: Z\xfcrich\n", "it is not UTF-8", "save it as UTF-8"},
		{
			"a binary file",
			"\x7fELF\x00\x00",
			"it is a binary file",
			"use a text file with YAML or JSON",
		},
		{
			"a file that is too large",
			strings.Repeat("# long\n", 10_000),
			"it has more than 64 KB",
			"keep only fields and values, one on each line",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.text))
			f := fault.As(err)
			if err == nil || f.Kind != fault.Invalid || f.Fix == "" {
				t.Fatalf("got %v, %v", got, err)
			}
			if c.what != "" && f.What != c.what || c.fix != "" && f.Fix != c.fix {
				t.Errorf("got  %q, %q\nwant %q, %q", f.What, f.Fix, c.what, c.fix)
			}
		})
	}
}

func TestTemplateIsNoChange(t *testing.T) {
	tricky := []string{
		"Ada L.", "# no comment", "a: b", "'quoted'", `"both`, "  spaces  ", "null", "NO", "3011", "12:30",
		"- dash", "line\nbreak", "tab\tin", "😀", "[x]", "&a", "*a", "%", "@x", "`x`", "> x", "| x", "!x", "~", "",
	}
	for _, value := range tricky {
		current := map[string]*string{"displayName": &value, "city": &value, "state": nil}
		text := draft.Template(profile.BuiltIn(), "ada@contoso.com\ncity: Basel", current)
		d, err := draft.Read(profile.BuiltIn(), text)
		if err != nil {
			t.Fatalf("%q: %v\n%s", value, err, text)
		}
		change, err := d.Against(current, func(string) json.RawMessage { return nil })
		if err != nil || len(change) != 0 {
			t.Errorf("%q became %v, %v\n%s", value, change.Diff(current), err, text)
		}
	}
	want := `# The profile of ada@contoso.com. Change values, save, and close the editor.
# To clear a field, delete its value. A deleted line leaves the field as it is.
# Closing without a change sends nothing.

displayName: Ada L.                     # at most 256 characters, must have a value
givenName:                              # at most 64 characters
`
	name := "Ada L."
	got := string(draft.Template(profile.BuiltIn(), "ada@contoso.com", map[string]*string{"displayName": &name}))
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s", got)
	}
}

func TestExplainReplacesEarlierExplanations(t *testing.T) {
	first := draft.Explain([]byte("city: 1\n"), &fault.Error{
		What: "line 1: city is not text",
		Fix:  "line 1: put the value in quotes",
	})
	if want := "#! line 3: city is not text\n#! line 3: put the value in quotes\ncity: 1\n"; string(first) != want {
		t.Errorf("got %q", first)
	}
	_, again := read(first)
	if got := draft.Explain(first, again); string(got) != string(first) {
		t.Errorf("got %q", got)
	}
	third := draft.Explain(first, &fault.Error{What: "it is wrong", Fix: "fix it"})
	if want := "#! it is wrong\n#! fix it\ncity: 1\n"; string(third) != want {
		t.Errorf("got %q", third)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("city: Bern\n"))
	f.Add([]byte(`{"city":null}`))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? [x]\n: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(data)
		if err != nil {
			if f := fault.As(err); f.Kind != fault.Invalid || f.What == "" || f.Fix == "" {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if len(got) > 0 && got.Check() != nil {
			t.Errorf("%q was accepted, although %v", data, got.Check())
		}
		if len(got) > len(profile.Fields()) {
			t.Errorf("%q: %d fields", data, len(got))
		}
	})
}

func TestAgainstIgnoresUnchangedReadOnlyProperties(t *testing.T) {
	city, language := "Basel", "en_US"
	current := map[string]*string{"city": &city, "preferredLanguage": &language}
	graph := map[string]json.RawMessage{
		"id":              json.RawMessage(`"11111111-2222"`),
		"identities":      json.RawMessage(`[{"signInType":"emailAddress","issuerAssignedId":"ada@contoso.example"}]`),
		"mail":            json.RawMessage(`null`),
		"createdDateTime": json.RawMessage(`"2026-11-25T08:00:00Z"`),
	}
	for _, c := range []struct{ name, text, what string }{
		{"the whole profile in YAML", `id: 11111111-2222
identities:
  - signInType: emailAddress
    issuerAssignedId: ada@contoso.example
mail: null
createdDateTime: 2026-11-25T08:00:00Z
city: Bern
preferredLanguage: en_US
`, ""},
		{"the whole profile in JSON", `{"id":"11111111-2222","mail":null,"city":"Bern","preferredLanguage":"en_US",
"identities":[{"issuerAssignedId":"ada@contoso.example","signInType":"emailAddress"}]}`, ""},
		{"a changed id", "id: 3\ncity: Bern\n", "line 1: id cannot be changed"},
		{
			"two changed properties and a broken rule", "city: \"\"\nmail: a@b\nidentities: []\n",
			"line 1: city is empty; line 2: mail cannot be changed; line 3: identities cannot be changed",
		},
		{"a changed property in JSON", `{"mail":"a@b"}`, "mail cannot be changed"},
		{"an unknown property", "phone: 1\n", `line 1: "phone" is not a field you may change`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := draft.Read(profile.BuiltIn(), []byte(c.text))
			var change profile.Change
			if err == nil {
				change, err = d.Against(current, func(name string) json.RawMessage { return graph[name] })
			}
			if c.what != "" {
				if f := fault.As(err); f.Kind != fault.Invalid || f.What != c.what {
					t.Errorf("got %v, want %s", err, c.what)
				}
				return
			}
			if err != nil || len(change) != 1 || *change["city"] != "Bern" {
				t.Errorf("got %v, %v", change, err)
			}
		})
	}
}
