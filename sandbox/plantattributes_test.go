package sandbox

import (
	"strings"
	"testing"
)

const seedOfAttributes = `
attributes:
  - name: Diet
    property: extension_0123456789abcdef0123456789abcdef_Diet
    label: What you eat
    input: radioSingleSelect
    options: [{value: vegan, label: Vegan}, {value: none}]
  - {name: Points, type: int64}
  - {name: Code, input: text, required: true, pattern: "^[0-9]{4}$"}
users:
  - email: ada@contoso.example
    password: Correct horse battery
    profile: {extension_0123456789abcdef0123456789abcdef_Diet: vegan}
`

func TestSeedAddsAttributes(t *testing.T) {
	tenant := newTenant(t, Config{Seed: []byte(seedOfAttributes)})
	if err := tenant.Seed([]byte(seedOfAttributes)); err != nil { // the second time, nothing is missing
		t.Fatal(err)
	}
	all := tenant.Attributes()
	if len(all) != 3 || all[0].Label != "What you eat" || all[0].Options[1].Label != "none" ||
		all[1].Type != "int64" || all[1].Input != "" || !all[2].Required || all[2].Pattern != "^[0-9]{4}$" {
		t.Fatalf("got %+v", all)
	}
	if got := tenant.Profile("ada@contoso.example")[all[0].Property]; got == nil || *got != "vegan" {
		t.Errorf("the user has %v", got)
	}
	copied := newTenant(t, Config{Seed: []byte(export(t, tenant, true))})
	if export(t, copied, true) != export(t, tenant, true) {
		t.Error("the export of the import differs")
	}
}

func TestSeedRejectsInvalidAttributes(t *testing.T) {
	for file, want := range map[string]string{
		"- {name: a b}":                          "line 2: attributes[0].name: the name must consist of",
		"- {name: A, type: date}":                "line 2: attributes[0].type: the type must be",
		"- {name: A, color: red}":                "line 2: attributes[0].color: is not a field",
		"- {name: A}\n- {name: a}":               "line 3: attributes[1].name: a appears twice",
		"- {name: A, property: extension_A}":     "line 2: attributes[0].property: the property must be extension_",
		"- name: A\n  input: text\n  pattern: (": "line 4: attributes[0].pattern: the pattern must be a regular",
	} {
		tenant := newTenant(t, Config{})
		if err := tenant.Seed([]byte("attributes:\n" + file)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
		if all := tenant.Attributes(); len(all) != 0 {
			t.Errorf("%q: got %+v", file, all)
		}
	}
}
