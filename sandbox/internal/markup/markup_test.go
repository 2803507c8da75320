package markup_test

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/profilectl/profilectl/sandbox/internal/markup"
)

type inner struct {
	Name  string
	Count int
	On    bool
}

type data struct {
	Text    string
	Empty   string
	Number  int
	None    *inner
	Inner   *inner
	List    []string
	Nothing []string
	Items   []inner
	Values  url.Values
}

// hostile is text that must not become markup.
const hostile = `<b a="1" b='2'>&amp; & </b>` + "`{{.Text}}\u2028 é"

func values() data {
	return data{
		Text:   hostile,
		Number: 7,
		Inner:  &inner{Name: "inner " + hostile, Count: 2, On: true},
		List:   []string{"a", hostile, "c"},
		Items:  []inner{{Name: "x", Count: 1}, {Name: "y", On: true}},
		Values: url.Values{"b": {"1", hostile}, "a": {"2"}},
	}
}

// TestSetRendersAsHTMLTemplateDoes compares the output with that of html/template, which
// writes a plus sign as an entity.
func TestSetRendersAsHTMLTemplateDoes(t *testing.T) {
	for name, text := range map[string]string{
		"text":      `<p>{{.Text}}</p>`,
		"attribute": `<p title="{{.Text}}" lang='{{.Text}}'>`,
		"textarea":  `<textarea>{{.Text}}</textarea>`,
		"title":     `<title>{{.Text}}</title>`,
		"number":    `{{.Number}} {{.Inner.Count}} {{.Inner.On}} {{"x"}} {{3}} {{true}}`,
		"if":        `{{if .Text}}a{{else}}b{{end}}{{if .Empty}}a{{else}}b{{end}}`,
		"if unset":  `{{if .None}}a{{end}}{{if .Nothing}}a{{end}}{{if .Number}}b{{end}}`,
		"else if":   `{{if .Empty}}a{{else if .Inner.On}}b{{else}}c{{end}}`,
		"with":      `{{with .Inner}}{{.Name}}{{else}}none{{end}}{{with .None}}{{.Name}}{{else}}none{{end}}{{.Number}}`,
		"range":     `{{range .List}}<i>{{.}}</i>{{end}}{{range .Nothing}}{{.}}{{else}}empty{{end}}`,
		"indexes":   `{{range $i, $v := .List}}{{if $i}}, {{end}}{{$i}}{{$v}}{{$.Number}}{{end}}`,
		"map":       `{{range $name, $all := .Values}}{{range $all}}{{$name}}={{.}};{{end}}{{end}}`,
		"variable":  `{{$x := .Inner.Name}}{{with .Items}}{{$y := $x}}{{$y}}{{end}}{{$x}}`,
		"shadowed":  `{{$x := "1"}}{{if .Text}}{{$x := "2"}}{{$x}}{{end}}{{$x}}`,
		"functions": `{{if and .Text .Number}}a{{end}}{{if or .Empty .Nothing}}b{{end}}{{if not .Empty}}c{{end}}`,
		"nested":    `{{if or .Empty (not .Nothing)}}d{{end}}{{or .Empty .Text}}{{and .Text .Empty}}`,
		"equal":     `{{if eq .Text "x"}}a{{end}}{{if ne .Inner.Name "x"}}b{{end}}{{if eq .Number 7}}c{{end}}`,
		"template":  `{{define "t"}}<b>{{.Name}}</b>{{end}}{{range .Items}}{{template "t" .}}{{end}}`,
		"no data":   `{{template "u"}}{{define "u"}}u{{end}}`,
		"comment":   `a{{/* no */}}b {{- "c" -}} d`,
	} {
		files := fstest.MapFS{"pages/page.html": {Data: []byte(text)}}
		set, err := markup.Parse(files, "pages/*.html", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := set.Render("page.html", values())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var want bytes.Buffer
		if err := template.Must(template.ParseFS(files, "pages/*.html")).Execute(&want, values()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if string(got) != strings.ReplaceAll(want.String(), "&#43;", "+") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, &want)
		}
	}
}

func TestSetRejectsWhatItDoesNotSupport(t *testing.T) {
	for _, text := range []string{
		`{{.Values.Get "a"}}`,
		`{{.Text | html}}`,
		`{{unknown .}}`,
		`{{.Missing}}`,
		`{{.Inner.Missing}}`,
		`{{range .Text}}{{end}}`,
		`{{template "missing"}}`,
		`{{$x := 1}}{{$x = 2}}`,
		`{{range .List}}{{break}}{{end}}`,
		`{{not 1 2}}`,
		`{{if}}{{end}}`,
	} {
		set, err := markup.Parse(fstest.MapFS{"page": {Data: []byte(text)}}, "page", nil)
		if err == nil {
			_, err = set.Render("page", values())
		}
		if err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

func TestSetWritesOnlyRawTextUnescaped(t *testing.T) {
	files := fstest.MapFS{"page": {Data: []byte(`{{raw}} {{"<b>"}}`)}}
	set, err := markup.Parse(files, "page", map[string]markup.Func{
		"raw": func(...any) (any, error) { return markup.Raw("<i>"), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Render("page", nil)
	if want := "<i> &lt;b&gt;"; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestAddressAllowsOnlyWebAddresses(t *testing.T) {
	set, err := markup.Parse(fstest.MapFS{"page": {Data: []byte(`{{address .}}`)}}, "page", nil)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"/a?b=c":                      "/a?b=c",
		"https://a.example/b":         "https://a.example/b",
		"http://localhost:1":          "http://localhost:1",
		"javascript:alert(1)":         "#",
		"JavaScript:alert(1)":         "#",
		"java\tscript:alert(1)":       "#",
		" javascript:alert(1)":        "#",
		"data:text/html,<script>":     "#",
		"\x01javascript:alert(1)":     "#",
		"vbscript:x":                  "#",
		"https://a.example/\"><b>'c'": "https://a.example/&#34;&gt;&lt;b&gt;&#39;c&#39;",
	} {
		got, err := set.Render("page", address)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %s, %v; want %s", address, got, err, want)
		}
	}
}
