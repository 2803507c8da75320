package attributes_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/attributes"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

const prefix = "extension_0123456789abcdef0123456789abcdef_"

// sample has an attribute of each type.
const sample = `
attributes:
  - name: ` + prefix + `LoyaltyNumber
    label: Loyalty number
    type: string
    max: 20
    edit: true
    clear: true
  - {name: ` + prefix + `Newsletter, label: Newsletter, type: boolean, edit: true}
  - {name: ` + prefix + `Points, label: Points, type: integer, min: 0, max: 1000}
  - name: ` + prefix + `Diet
    label: Diet
    type: choice
    values: [{value: vegan, label: Vegan}, {value: none}]
    edit: true
    clear: true
  - {name: ` + prefix + `Interests, label: Interests, type: choices, values: [{value: a}, {value: b}]}
  - {name: ` + prefix + `Serial, label: Serial, type: integer, edit: true}
`

func TestParseReturnsTheFieldsInOrder(t *testing.T) {
	schema, err := attributes.Parse("attributes.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	all := schema.Fields()
	builtIn := len(profile.Fields())
	if len(all) != builtIn+6 || all[0].Name != "displayName" {
		t.Fatalf("got %+v", all)
	}
	loyalty, newsletter, points, diet, interests, serial :=
		all[builtIn], all[builtIn+1], all[builtIn+2], all[builtIn+3], all[builtIn+4], all[builtIn+5]
	if loyalty.Name != prefix+"LoyaltyNumber" || loyalty.Flag != "loyalty-number" || loyalty.Max != 20 ||
		loyalty.ReadOnly || loyalty.Keep || loyalty.Kind != profile.Text {
		t.Errorf("got %+v", loyalty)
	}
	if newsletter.Kind != profile.Boolean || newsletter.ReadOnly || !newsletter.Keep {
		t.Errorf("got %+v", newsletter)
	}
	if points.Kind != profile.Integer || !points.ReadOnly || *points.MinInt != 0 || *points.MaxInt != 1000 {
		t.Errorf("got %+v", points)
	}
	vegan := profile.Value{Value: "vegan", Label: "Vegan"}
	if diet.Kind != profile.Choice || len(diet.Values) != 2 || diet.Values[0] != vegan ||
		diet.Values[1].Label != "none" {
		t.Errorf("got %+v", diet)
	}
	if interests.Kind != profile.Choices || !interests.ReadOnly {
		t.Errorf("got %+v", interests)
	}
	const safe = 9007199254740991
	if *serial.MinInt != -safe || *serial.MaxInt != safe {
		t.Errorf("the limits are %d and %d", *serial.MinInt, *serial.MaxInt)
	}
}

// TestParseNamesFileLineAndKey changes the first attribute of a valid file.
func TestParseNamesFileLineAndKey(t *testing.T) {
	const valid = "attributes:\n- name: " + prefix + "A\n  label: A\n  type: string\n  edit: true\n"
	with := func(line string) string { return valid + "  " + line + "\n" }
	instead := func(old, text string) string { return strings.Replace(valid, old, text, 1) }
	second := func(rest string) string { return valid + "- {name: " + prefix + rest + "}\n" }
	const label = ", label: B, type: "
	typed := func(rest string) string { return second("B" + label + rest) }
	for _, c := range []struct{ name, file, want string }{
		{"an empty file", "", "a.yaml lists no attributes"},
		{"a comment alone", "# nothing\n", "a.yaml lists no attributes"},
		{"null", "null\n", "a.yaml line 1: a mapping with the key attributes is expected"},
		{"a list", "- a\n", "a.yaml line 1: a mapping with the key attributes is expected"},
		{"an empty list", "attributes: []\n", "a.yaml line 1: attributes is not a list with at least one attribute"},
		{"no YAML", "attributes: [\n", "a.yaml is not valid YAML"},
		{"two documents", valid + "---\n" + valid, "a.yaml holds more than one YAML document"},
		{"another key", valid + "attribute: 1\n", `a.yaml line 6: "attribute" is not a known key`},
		{"a repeated key", with("label: B"), "a.yaml line 6: label is given twice"},
		{"a repeated list", valid + "attributes: []\n", "a.yaml line 6: attributes is given twice"},
		{"an unknown key", with("maximum: 3"), `a.yaml line 6: "maximum" is not a known key`},
		{"a key in another case", with("Clear: true"), `a.yaml line 6: "Clear" is not a known key`},
		{"a merge", with("<<: {clear: true}"), `a.yaml line 6: "<<" is not a known key`},
		{"a mapping as key", with("? {a: b}\n  : c"), "is not a known key"},
		{"an anchor", with("clear: &x true"), "a.yaml line 6: anchors and aliases are not allowed"},
		{"a tag", with("clear: !!bool true"), "a.yaml line 6: tags are not allowed"},
		{"no name", instead("name: "+prefix+"A\n  ", ""), "a.yaml line 2: the attribute has no name"},
		{"no label", instead("  label: A\n", ""), "a.yaml line 2: the attribute has no label"},
		{"no type", instead("  type: string\n", ""), "a.yaml line 2: the attribute has no type"},
		{"a scalar as attribute", "attributes: [x]\n", "a.yaml line 1: a mapping with the key name is expected"},
		{"a label that is no text", instead("label: A", "label: 1"), "a.yaml line 3: label is not text"},
		{"a label that is null", instead("label: A", "label:"), "a.yaml line 3: label is not text"},
		{"an unknown type", instead("string", "String"), `a.yaml line 4: type "String" is not known`},
		{"edit as text", instead("edit: true", `edit: "true"`), "a.yaml line 5: edit is neither true nor false"},
		{"edit as yes", instead("edit: true", "edit: yes"), "a.yaml line 5: edit is neither true nor false"},
		{"clear without edit", instead("edit: true", "clear: true"), "a.yaml line 5: clear has no effect without edit"},
		{"max 0", with("max: 0"), "a.yaml line 6: max must be between 1 and 250"},
		{"max 251", with("max: 251"), "a.yaml line 6: max must be between 1 and 250"},
		{"max in hexadecimal", with("max: 0x10"), "a.yaml line 6: max is not a whole number"},
		{"max as text", with(`max: "3"`), "a.yaml line 6: max is not a whole number"},
		{"max with a fraction", with("max: 3.0"), "a.yaml line 6: max is not a whole number"},
		{"min of a string", with("min: 1"), "a.yaml line 6: an attribute of type string has no min"},
		{"values of a string", with("values: []"), "a.yaml line 6: an attribute of type string has no values"},
		{"max of a boolean", typed("boolean, max: 3"), "a.yaml line 6: an attribute of type boolean has no max"},
		{"max above the safe integers", typed("integer, max: 9007199254740992"), "a.yaml line 6: max must be between"},
		{"a minimum above the maximum", typed("integer, min: 2, max: 1"), "a.yaml line 6: "},
		{"no choices", typed("choice"), "a.yaml line 6: values is not a list with at least one choice"},
		{"a choice without a value", typed("choice, values: [{label: x}]"), "a.yaml line 6: the choice has no value"},
		{"a choice that is a number", typed("choice, values: [{value: 1}]"), "a.yaml line 6: value is not text"},
		{"a choice given twice", typed("choice, values: [{value: x}, {value: x}]"), "a.yaml line 6: "},
		{"a choice with a comma", typed(`choices, values: [{value: "x,y"}]`), "a.yaml line 6: "},
		{"an attribute given twice", second("A" + label + "string"), "a.yaml line 6: "},
		{"a short name in another case", second("a" + label + "string"), "a.yaml line 6: "},
		{"the short name of a built-in field", second("City" + label + "string"), "a.yaml line 6: "},
		{"the name of a built-in field", instead(prefix+"A", "city"), "a.yaml line 2: "},
		{"a name with too few digits", instead("0123456789abcdef_", "_"), "a.yaml line 2: "},
		{"a name with a slash", instead("_A\n", "_A/x\n"), "a.yaml line 2: "},
		{"a name with a look-alike", instead("_A\n", "_\u0391\n"), "a.yaml line 2: "},
		{"a label with a control character", instead("label: A", `label: "A\u0007"`), "a.yaml line 2: "},
	} {
		_, err := attributes.Parse("a.yaml", []byte(c.file))
		f := fault.As(err)
		if f == nil || !strings.Contains(f.What, c.want) || f.Kind != fault.Usage || f.Fix == "" {
			t.Errorf("%s: got %v, fix %q; want %q", c.name, err, f.Advice(), c.want)
		}
	}
}

func TestReadNamesAFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, []byte(strings.Repeat("#\n", 3<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "none cannot be read: ",
		dir:                        " cannot be read: ",
		large:                      "large.yaml has more than 4 MiB",
	} {
		_, err := attributes.Read(path)
		if f := fault.As(err); f == nil || f.Kind != fault.Usage || !strings.Contains(f.What, want) || f.Fix == "" {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// FuzzParse checks that a file is either rejected with words, or a schema that can be
// written as JSON Schema and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("attributes:\n- {name: " + prefix + "A, label: A, type: string, max: 250, edit: true}\n"))
	f.Add([]byte("attributes: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		schema, err := attributes.Parse("a.yaml", raw)
		if err != nil {
			if e := fault.As(err); e.Kind != fault.Usage || e.What == "" || e.Fix == "" {
				t.Errorf("%q: got %+v", raw, e)
			}
			return
		}
		again, err := profile.ParseSchema(schema.JSON())
		if err != nil || again.Version() != schema.Version() {
			t.Errorf("%q: read again: %v", raw, err)
		}
	})
}
