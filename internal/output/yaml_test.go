package output_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/output"
)

// yamlOf prints JSON as YAML and reads it back.
func yamlOf(t *testing.T, text string) (printed string, value any) {
	t.Helper()
	var b bytes.Buffer
	p := output.Printer{Out: &b, Format: output.FormatYAML}
	if err := p.Print(json.RawMessage(text), output.Table{}); err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	if err := yaml.Unmarshal(b.Bytes(), &value); err != nil {
		t.Fatalf("%.80q became %.200q, which is not YAML: %v", text, b.String(), err)
	}
	return b.String(), value
}

func TestPrinterWritesEveryJSONDocumentAsYAML(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"a surrogate pair", `{"displayName":"Ada \ud83d\ude00"}`},
		{"escaped slashes", `{"url":"https:\/\/graph.microsoft.com\/"}`},
		{"DEL", "{\"a\":\"x\x7fy\"}"},
		{"C1 controls", `{"a":"\u0085\u009b31m"}`},
		{"noncharacters", "{\"a\":\"\ufffe\uffff\"}"},
		{"a byte order mark inside", `{"a":"\ufeffx"}`},
		{"line separators", `{"a":"x\u2028y\u2029z"}`},
		{"control characters", `{"a":"\u0000\u0007\u001b"}`},
		{"a long name", `{"` + strings.Repeat("n", 2000) + `":1}`},
		{"lines with blanks at their ends", `{"a":"one \n two\n\n"}`},
		{"a carriage return", `{"a":"one\r\ntwo"}`},
		{
			"words that YAML reads as other types",
			`{"no":"no","a":"null","b":"1e3","c":"0x1F","d":"2026-11-25","e":"~","f":"","g":"=","h":"<<"}`,
		},
		{
			"indicators",
			`{"a":"- x","b":"# y","c":"k: v","d":"*a","e":"&a","f":"!t","g":"%","h":"@","i":"` + "`" + `","j":"|"}`,
		},
		{"a tab at the beginning", `{"a":"\tx"}`},
		{"empty collections", `{"a":[],"b":{},"c":[[],{}]}`},
		{"lists of objects", `[{"a":[{"b":1}]},null,true]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			printed, got := yamlOf(t, c.text)
			var want any
			if err := json.Unmarshal([]byte(c.text), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(normal(got), normal(want)) {
				t.Errorf("got %#v\nwant %#v\nprinted %q", got, want, printed)
			}
		})
	}
	const big = "12345678901234567890123"
	if printed, _ := yamlOf(t, `{"big":`+big+`,"small":1E-9,"zero":-0}`); !strings.Contains(printed, "big: "+big) {
		t.Errorf("got %s", printed)
	}
}

// normal returns a value with all numbers as float64.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []any:
		list := []any{}
		for _, e := range v {
			list = append(list, normal(e))
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for name, e := range v {
			object[name] = normal(e)
		}
		return object
	}
	return v
}

func FuzzYAML(f *testing.F) {
	f.Add(`{"a":"\ud83d\ude00","b":[1,null,true,{"c":""}]}`)
	f.Add("[\"\\r\\n\\t \"]")
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		if json.Unmarshal([]byte(text), &want) != nil || strings.Contains(text, "<<") {
			return // a merge key of YAML, which no property is called
		}
		var b bytes.Buffer
		p := output.Printer{Out: &b, Format: output.FormatYAML}
		if err := p.Print(json.RawMessage(text), output.Table{}); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var n yaml.Node
		if err := yaml.Unmarshal(b.Bytes(), &n); err != nil {
			t.Errorf("%q became %q, which is not YAML: %v", text, b.String(), err)
		}
	})
}

func TestPrinterIsSafeOnATerminal(t *testing.T) {
	const hostile = "a\u009b31m\u202eb\x7f"
	v := map[string]string{"name": hostile + "\x1b[2J"}
	name := filter(t, ".name", "")
	for _, p := range []output.Printer{
		{Format: output.FormatTable},
		{Format: output.FormatJSON},
		{Format: output.FormatYAML},
		{Format: output.FormatTable, Filter: name},
		{Format: output.FormatTable, Filter: filter(t, ".", "")},
		{Format: output.FormatTable, Filter: filter(t, "", "name")},
	} {
		var terminal, program bytes.Buffer
		table := output.Table{Columns: []string{"NAME"}, Rows: [][]string{{v["name"]}}}
		p.Out, p.TTY, p.Width = &terminal, true, 80
		if err := p.Print(v, table); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(terminal.String(), "\x1b\x7f\u009b\u202e") {
			t.Errorf("%+v: the terminal gets %q", p, terminal.String())
		}
		p.Out, p.TTY = &program, false
		if err := p.Print(v, table); err != nil {
			t.Fatal(err)
		}
		if p.Filter == name && program.String() != v["name"]+"\n" {
			t.Errorf("a program gets %q", program.String())
		}
		if p.Format == output.FormatJSON {
			var onScreen map[string]string
			if err := json.Unmarshal(terminal.Bytes(), &onScreen); err != nil || onScreen["name"] != v["name"] {
				t.Errorf("the JSON on a terminal is other data: %q, %v", terminal.String(), err)
			}
		}
	}
}
