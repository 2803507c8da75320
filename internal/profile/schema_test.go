package profile_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

const app = "extension_0123456789abcdef0123456789abcdef_"

// attributes returns one custom attribute of each kind.
func attributes() []profile.Field {
	zero, thousand := int64(0), int64(1000)
	return []profile.Field{
		{Name: app + "LoyaltyNumber", Label: "Loyalty number", Max: 20},
		{Name: app + "Newsletter", Label: "Newsletter", Kind: profile.Boolean, Keep: true},
		{
			Name: app + "Points", Label: "Points", Kind: profile.Integer,
			MinInt: &zero, MaxInt: &thousand, ReadOnly: true,
		},
		{Name: app + "Balance", Label: "Balance", Kind: profile.Integer, MinInt: &zero, MaxInt: &thousand},
		{Name: app + "Total", Label: "Total", Kind: profile.Integer},
		{
			Name: app + "Diet", Label: "Diet", Kind: profile.Choice,
			Values: []profile.Value{{Value: "vegan", Label: "Vegan"}, {Value: "any", Label: "No restrictions"}},
		},
		{
			Name: app + "Interests", Label: "Interests", Kind: profile.Choices,
			Values: []profile.Value{
				{Value: "music", Label: "Music"}, {Value: "books", Label: "Books"}, {Value: "art", Label: "Art"},
			},
		},
	}
}

// custom returns the built-in fields with the attributes.
func custom(t testing.TB) profile.Schema {
	t.Helper()
	s := profile.BuiltIn()
	for _, f := range attributes() {
		var err error
		if s, err = s.With(f); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestSchemaLookupAcceptsTheNamesOfAnAttribute(t *testing.T) {
	s := custom(t)
	for _, name := range []string{
		app + "LoyaltyNumber", strings.ToUpper(app) + "LOYALTYNUMBER", "LoyaltyNumber", "loyaltynumber",
		"loyalty-number", "Loyalty-Number",
	} {
		if f, ok := s.Lookup(name); !ok || f.Name != app+"LoyaltyNumber" || f.Flag != "loyalty-number" || !f.Custom() {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	for _, name := range []string{
		"LоyaltyNumber", // with a Cyrillic letter
		"loyalty_number", "__proto__", "id", "", "extension_LoyaltyNumber", "ſtate", "\u212a",
		"extension_fedcba98765432100123456789abcdef_LoyaltyNumber",
	} {
		if f, ok := s.Lookup(name); ok {
			t.Errorf("%q: got %s", name, f.Name)
		}
	}
}

func TestSchemaSuggestsTheNearestName(t *testing.T) {
	s := custom(t)
	for typed, want := range map[string]string{
		"loyalty-numbr": "did you mean LoyaltyNumber?",
		"LоyaltyNumber": "did you mean LoyaltyNumber?",
		"dispayName":    "did you mean displayName?",
	} {
		if f := fault.As(s.Set(profile.Change{}, typed, "x")); f.Fix != want {
			t.Errorf("%s: got %q", typed, f.Fix)
		}
	}
	_, err := s.Parse([]byte(`{"` + app + `loyaltyNumber":"x"}`))
	if f := fault.As(err); f.Fix != "did you mean "+app+"LoyaltyNumber?" {
		t.Errorf("got %v", f.Fix)
	}
}

func TestSchemaWithRejectsInvalidAttributes(t *testing.T) {
	one, two, huge := int64(1), int64(2), strings.Repeat("x", 1<<20)
	text := func(name string) profile.Field { return profile.Field{Name: app + name, Label: "Label"} }
	choice := func(kind profile.Kind, values ...string) profile.Field {
		f := profile.Field{Name: app + "Size", Label: "Size", Kind: kind}
		for i, v := range values {
			f.Values = append(f.Values, profile.Value{Value: v, Label: fmt.Sprint("Label ", i)})
		}
		return f
	}
	with := func(f profile.Field, change func(*profile.Field)) profile.Field {
		change(&f)
		return f
	}
	for name, f := range map[string]profile.Field{
		"no name":                        {Label: "Label"},
		"the name of a property":         {Name: "id", Label: "Label"},
		"a name of JavaScript":           {Name: "__proto__", Label: "Label"},
		"an id that is too short":        {Name: "extension_0123_Size", Label: "Label"},
		"an id with another letter":      {Name: "extension_g123456789abcdef0123456789abcdef_Size", Label: "Label"},
		"a Cyrillic letter":              text("Lоyalty"),
		"a blank":                        text("Loyalty number"),
		"no name after the id":           text(""),
		"a long name":                    text(strings.Repeat("x", 65)),
		"the short name of a field":      text("City"),
		"the flag of a field":            text("Job_Title"),
		"the short name of a property":   text("Mail"),
		"a listed attribute":             text("Newsletter"),
		"the short name of an attribute": {Name: "extension_fedcba98765432100123456789abcdef_Diet", Label: "Diet"},
		"no label":                       {Name: app + "Size"},
		"a label of control characters":  with(text("Size"), func(f *profile.Field) { f.Label = "a\x1b[31m" }),
		"a label with a text direction":  with(text("Size"), func(f *profile.Field) { f.Label = "a\u202eb" }),
		"a label of megabytes":           with(text("Size"), func(f *profile.Field) { f.Label = huge }),
		"a limit over Graph's":           with(text("Size"), func(f *profile.Field) { f.Max = 251 }),
		"a negative limit":               with(text("Size"), func(f *profile.Field) { f.Max = -1 }),
		"a minimum of a text":            with(text("Size"), func(f *profile.Field) { f.MinInt = &one }),
		"a minimum above the maximum": with(text("Size"), func(f *profile.Field) {
			f.Kind, f.MinInt, f.MaxInt = profile.Integer, &two, &one
		}),
		"a choice without values":        choice(profile.Choice),
		"values of a text":               choice(profile.Text, "a"),
		"a value twice":                  choice(profile.Choice, "a", "a"),
		"an empty value":                 choice(profile.Choice, ""),
		"a value with blanks":            choice(profile.Choice, " a"),
		"a value of control characters":  choice(profile.Choice, "a\x00"),
		"a value that is not normalized": choice(profile.Choice, "Zu\u0308rich"),
		"a comma in one of many":         choice(profile.Choices, "a,b"),
		"a value that is too long":       choice(profile.Choice, strings.Repeat("x", 251)),
		"too many values":                choice(profile.Choice, strings.Split(strings.Repeat("x", 101), "")...),
		"the label of a value twice": with(choice(profile.Choice, "a", "b"), func(f *profile.Field) {
			f.Values[1].Label = f.Values[0].Label
		}),
		"a value without a label": with(choice(profile.Choice, "a"), func(f *profile.Field) {
			f.Values[0].Label = ""
		}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := custom(t).With(f)
			if got := fault.As(err); err == nil || got.Kind != fault.Invalid || got.Fix == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSchemaWithLimitsTheNumberOfAttributes(t *testing.T) {
	s := profile.BuiltIn()
	var err error
	for i := range profile.MaxAttributes {
		if s, err = s.With(profile.Field{Name: fmt.Sprint(app, "A", i), Label: "Label"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = s.With(profile.Field{Name: app + "B", Label: "Label"}); fault.As(err).Kind != fault.Invalid {
		t.Errorf("got %v", err)
	}
	if f := fault.As(s.Set(profile.Change{}, "shoe-size", "44")); len(f.Fix) > 1000 {
		t.Errorf("the advice has %d bytes", len(f.Fix))
	}
}

func TestSchemaWithLeavesTheOriginalAsItWas(t *testing.T) {
	base := custom(t)
	a, errA := base.With(profile.Field{Name: app + "A", Label: "A"})
	b, errB := base.With(profile.Field{Name: app + "B", Label: "B"})
	_, inA := a.Field(app + "A")
	_, inB := b.Field(app + "B")
	if errA != nil || errB != nil || !inA || !inB || len(base.Names()) != len(a.Names())-1 {
		t.Errorf("got %v, %v, %v, %v", a.Names(), b.Names(), errA, errB)
	}
}

func TestSchemaDecodeReadsEveryKind(t *testing.T) {
	s := custom(t)
	for _, c := range []struct{ field, value, want string }{
		{"LoyaltyNumber", `" 42 "`, "42"},
		{"LoyaltyNumber", `null`, "<nil>"},
		{"Newsletter", `true`, "true"},
		{"Newsletter", `false`, "false"},
		{"Balance", `0`, "0"},
		{"Balance", `1000`, "1000"},
		{"Total", `9223372036854775807`, "9223372036854775807"},
		{"Total", `-9223372036854775808`, "-9223372036854775808"},
		{"Total", `null`, "<nil>"},
		{"Diet", `"vegan"`, "vegan"},
		{"Interests", `"art,music"`, "music,art"},
	} {
		body := `{"city":"Bern","` + app + c.field + `":` + c.value + `}`
		change, err := s.Decode([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got := text(change[app+c.field]); got != c.want {
			t.Errorf("%s: got %q, want %q", body, got, c.want)
		}
		if builtIn, custom := change.Split(); len(builtIn) != 1 || len(custom) != 1 {
			t.Errorf("%s: got %v and %v", body, builtIn, custom)
		}
	}
}

// text returns a value, or <nil> for none.
func text(value *string) string {
	if value == nil {
		return "<nil>"
	}
	return *value
}

func TestSchemaDecodeRejectsInvalidValues(t *testing.T) {
	const notBoolean, notInteger = "Newsletter is not a boolean", "Total is not an integer of 64 bits"
	for _, c := range []struct{ field, value, what string }{
		{"LoyaltyNumber", `42`, "LoyaltyNumber is not a string"},
		{"LoyaltyNumber", `true`, "LoyaltyNumber is not a string"},
		{"LoyaltyNumber", `["42"]`, "LoyaltyNumber is not a string"},
		{"LoyaltyNumber", `""`, "LoyaltyNumber is empty"},
		{"LoyaltyNumber", `"123456789012345678901"`, "LoyaltyNumber has 21 characters; at most 20 are allowed"},
		{"Newsletter", `"true"`, notBoolean},
		{"Newsletter", `1`, notBoolean},
		{"Newsletter", `[]`, notBoolean},
		{"Newsletter", `null`, "Newsletter cannot be cleared"},
		{"Total", `"1"`, notInteger},
		{"Total", `1.0`, notInteger},
		{"Total", `1e3`, notInteger},
		{"Total", `-0`, notInteger},
		{"Total", `9223372036854775808`, notInteger},
		{"Total", `true`, notInteger},
		{"Total", `[1]`, notInteger},
		{"Balance", `-1`, "Balance is less than 0"},
		{"Balance", `1001`, "Balance is greater than 1000"},
		{"Points", `1`, "Points cannot be changed"},
		{"Points", `null`, "Points cannot be changed"},
		{"Diet", `"meat"`, "Diet is not one of the choices"},
		{"Diet", `"Vegan"`, "Diet is not one of the choices"},
		{"Diet", `" vegan"`, "Diet is not one of the choices"},
		{"Diet", `"vegan,any"`, "Diet is not one of the choices"},
		{"Diet", `["vegan"]`, "Diet is not a string"},
		{"Diet", `""`, "Diet is empty"},
		{"Interests", `"music,sport"`, "Interests has a value that is not one of the choices"},
		{"Interests", `"music, art"`, "Interests has a value that is not one of the choices"},
		{"Interests", `"music,"`, "Interests has a value that is not one of the choices"},
		{"Interests", `"music,music"`, "Interests has a choice twice"},
		{"Interests", `["music"]`, "Interests is not a string"},
	} {
		_, err := custom(t).Decode([]byte(`{"` + app + c.field + `":` + c.value + `}`))
		if f := fault.As(err); err == nil || f.Kind != fault.Invalid || f.What != c.what || f.Fix == "" {
			t.Errorf("%s: got %v (fix %q), want %q", c.value, err, f.Fix, c.what)
		}
	}
}

func TestSchemaDecodeRejectsOtherNamesOfAnAttribute(t *testing.T) {
	for _, name := range []string{
		"LoyaltyNumber", "loyalty-number", app + "loyaltyNumber", app + "LоyaltyNumber",
		strings.ToUpper(app) + "LoyaltyNumber",
		app + "Other", "id", "__proto__", "constructor",
	} {
		_, err := custom(t).Decode([]byte(`{"` + name + `":"42"}`))
		if f := fault.As(err); err == nil || !strings.Contains(f.What, "is not a field you may change") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := custom(t).Decode([]byte(`{"` + app + `Diet":"any","` + app + `Diet":"vegan"}`))
	if f := fault.As(err); f.What != "Diet is given twice" {
		t.Errorf("got %v", err)
	}
}

func TestSchemaAgainstUnderstandsWhatUsersWrite(t *testing.T) {
	for _, c := range []struct{ field, current, typed, want string }{
		{"Newsletter", "false", "Yes", "true"},
		{"Newsletter", "true", "no", "false"},
		{"Newsletter", "true", "perhaps", "perhaps"},
		{"Newsletter", "true", "YES", "unchanged"},
		{"Diet", "any", "Vegan", "vegan"},
		{"Diet", "vegan", "no restrictions", "any"},
		{"Diet", "vegan", " VEGAN ", "unchanged"},
		{"Interests", "music", "Art, BOOKS", "books,art"},
		{"Interests", "art,music", "music,art", "unchanged"},
		{"Interests", "music", "sport,art", "art,sport"},
		{"Total", "7", " 8 ", "8"},
		{"Total", "7", "007", "007"},
	} {
		s := custom(t)
		change := profile.Change{}
		if err := s.Set(change, c.field, c.typed); err != nil {
			t.Fatal(err)
		}
		got := "unchanged"
		if v, changed := s.Against(change, map[string]*string{app + c.field: &c.current})[app+c.field]; changed {
			got = text(v)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q", c.field, c.typed, got)
		}
	}
}

func TestSchemaMarshalWritesValuesOfTheRightTypes(t *testing.T) {
	s := custom(t)
	body := `{"displayName":"Ada \u003c3","city":null,"` + app + `LoyaltyNumber":"42","` + app + `Newsletter":true,"` +
		app + `Total":-9007199254740993,"` + app + `Interests":"music,art"}`
	change, err := s.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Marshal(change)
	if err != nil || string(got) != body {
		t.Errorf("got %s, %v", got, err)
	}
	invalid := "1]"
	if raw, err := s.Marshal(profile.Change{app + "Total": &invalid}); err == nil {
		t.Errorf("an invalid value became %s", raw)
	}
}

func TestKindHasTheNameThatParseKindReads(t *testing.T) {
	for k := profile.Text; k <= profile.Choices; k++ {
		if got, ok := profile.ParseKind(k.String()); !ok || got != k {
			t.Errorf("%v: got %v, %v", k, got, ok)
		}
	}
	if _, ok := profile.ParseKind("String"); ok {
		t.Error("a name in another case is accepted")
	}
}

func FuzzSchemaDecode(f *testing.F) {
	f.Add([]byte(`{"city":"Bern","` + app + `Total":1,"` + app + `Interests":"art,music"}`))
	f.Add(fmt.Appendf(nil, `{"%sTotal":%d}`, app, math.MinInt64))
	s := custom(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := s.Decode(body)
		if err != nil {
			if fault.As(err).Kind != fault.Invalid {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		raw, err := s.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Decode(raw)
		if err != nil || !cmp.Equal(again, c) {
			t.Errorf("%q came back as %q: %v", body, raw, err)
		}
	})
}
