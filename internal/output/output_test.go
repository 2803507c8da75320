package output_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

type profile struct {
	Name string   `json:"name"`
	City *string  `json:"city"`
	Tags []string `json:"tags"`
}

func TestPrinterFormats(t *testing.T) {
	v := profile{Name: "Ada <L.> & co", Tags: []string{"a", "1"}}
	table := output.Table{
		Columns: []string{"FIELD", "VALUE"},
		Rows: [][]string{
			{"name", "Ada\tL.\nx"},
			{"direction", "a\u202eb"},
			{"color", "\x1b[31mred"},
			{"wide", "世界"},
		},
	}
	for _, c := range []struct {
		name string
		p    output.Printer
		want string
	}{
		{
			"JSON without HTML escapes",
			output.Printer{Format: output.FormatJSON},
			"{\n  \"name\": \"Ada <L.> & co\",\n  \"city\": null,\n  \"tags\": [\n    \"a\",\n    \"1\"\n  ]\n}\n",
		},
		{
			"YAML in the order of the JSON",
			output.Printer{Format: output.FormatYAML},
			"name: Ada <L.> & co\ncity: null\ntags:\n  - a\n  - \"1\"\n",
		},
		{
			"a table that is not for a terminal",
			output.Printer{Format: output.FormatTable},
			"name\tAda L. x\ndirection\ta\ufffdb\ncolor\t\ufffd[31mred\nwide\t世界\n",
		},
		{
			"a table on a terminal",
			output.Printer{Format: output.FormatTable, TTY: true, Width: 80},
			"FIELD      VALUE\nname       Ada L. x\ndirection  a\ufffdb\ncolor      \ufffd[31mred\nwide       世界\n",
		},
		{
			"a table on a narrow terminal",
			output.Printer{Format: output.FormatTable, TTY: true, Width: 18},
			"FIELD     VALUE\nname      Ada L. x\ndirecti…  a\ufffdb\ncolor     \ufffd[31mred\nwide      世界\n",
		},
		{
			"jq with a string and a list",
			output.Printer{Format: output.FormatTable, Filter: filter(t, ".name, .tags", "")},
			"Ada <L.> & co\n[\"a\",\"1\"]\n",
		},
		{
			"JMESPath",
			output.Printer{Format: output.FormatTable, Filter: filter(t, "", "tags[0]")},
			"\"a\"\n",
		},
		{
			"JMESPath as YAML",
			output.Printer{Format: output.FormatYAML, Filter: filter(t, "", "{n: name}")},
			"n: Ada <L.> & co\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			c.p.Out = &b
			if err := c.p.Print(v, table); err != nil || b.String() != c.want {
				t.Errorf("got\n%s(%v)\nwant\n%s", b.String(), err, c.want)
			}
		})
	}
}

// TestJQKeepsLargeIntegers has an integer that a float64 cannot hold.
func TestJQKeepsLargeIntegers(t *testing.T) {
	var b bytes.Buffer
	p := output.Printer{Out: &b, Filter: filter(t, ".n, .n - 1, .f * 2", "")}
	v := json.RawMessage(`{"n": 9007199254740993, "f": 1.5}`)
	if err := p.Print(v, output.Table{}); err != nil || b.String() != "9007199254740993\n9007199254740992\n3\n" {
		t.Errorf("got %s(%v)", b.String(), err)
	}
}

func TestParseFilterRejectsInvalidExpressions(t *testing.T) {
	for _, c := range []struct {
		name, jq, query string
		ok              bool
	}{
		{"no expression", "", "", true},
		{"jq", ".a | length", "", true},
		{"incomplete jq", ".a[", "", false},
		{"an unknown function of jq", "nope(.)", "", false},
		{"jq that reads more input", "input", "", false},
		{"JMESPath", "", "length(a[?b == `1`])", true},
		{"incomplete JMESPath", "", "a[", false},
		{"an unknown function of JMESPath", "", "a[?contains(b, nope(@))]", false},
		{"both", ".", "a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := output.ParseFilter(c.jq, c.query)
			f := fault.As(err)
			if (err == nil) != c.ok || err != nil && (f.Kind != fault.Usage || f.Fix == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPrinterReportsExpressionsThatDoNotFitTheResult(t *testing.T) {
	for _, c := range []struct{ jq, query string }{
		{".a[]", ""},
		{`error("x")`, ""},
		{"", "length(a)"},
	} {
		p := output.Printer{Out: &bytes.Buffer{}, Format: output.FormatJSON, Filter: filter(t, c.jq, c.query)}
		err := p.Print(map[string]int{"a": 1}, output.Table{})
		f := fault.As(err)
		if f.Kind != fault.Unprinted || f.Fix == "" || !strings.Contains(f.What, "does not fit") {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

// filter compiles an expression.
func filter(t *testing.T, jq, query string) output.Filter {
	t.Helper()
	f, err := output.ParseFilter(jq, query)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPrinterHidesTheEnvironmentFromExpressions(t *testing.T) {
	var b bytes.Buffer
	p := output.Printer{Out: &b, Format: output.FormatJSON, Filter: filter(t, "$ENV.HOME | length", "")}
	if err := p.Print(map[string]int{}, output.Table{}); err != nil || b.String() != "0\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, s := range []string{"table", "JSON", "yaml"} {
		if f, err := output.ParseFormat(s); err != nil || string(f) != strings.ToLower(s) {
			t.Errorf("%s: %v, %v", s, f, err)
		}
	}
	if _, err := output.ParseFormat("xml"); fault.As(err).Kind != fault.Usage {
		t.Errorf("got %v", err)
	}
}
