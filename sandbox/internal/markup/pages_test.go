package markup_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"golang.org/x/net/html"
)

// Markers stand for what the actions of a template write.
const (
	marker         = "\u2460" // a value
	addressMarker  = "\u2461" // a value of the function address
	templateMarker = "\u2462" // another template
	styleMarker    = "\u2463" // the style sheet
)

// flatten writes a template with markers, and both branches of every condition.
func flatten(b *strings.Builder, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				flatten(b, child)
			}
		}
	case *parse.TextNode:
		b.Write(n.Text)
	case *parse.ActionNode:
		switch text := n.Pipe.String(); {
		case len(n.Pipe.Decl) > 0:
		case text == ".CSS":
			b.WriteString(styleMarker)
		case strings.HasPrefix(text, "address "):
			b.WriteString(addressMarker)
		default:
			b.WriteString(marker)
		}
	case *parse.TemplateNode:
		b.WriteString(templateMarker)
	case *parse.IfNode:
		flatten(b, n.List)
		flatten(b, n.ElseList)
	case *parse.WithNode:
		flatten(b, n.List)
		flatten(b, n.ElseList)
	case *parse.RangeNode:
		flatten(b, n.List)
		flatten(b, n.ElseList)
	}
}

// misplaced describes the values in a flattened template that are neither text nor in a
// quoted attribute, or in an address that could begin with javascript:.
func misplaced(page string) (faults []string) {
	fault := func(what, where string) { faults = append(faults, what+": "+where) }
	isValue := func(text string) bool { return strings.ContainsAny(text, marker+addressMarker+styleMarker) }
	element := ""
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return faults
		}
		raw := string(z.Raw())
		token := z.Token()
		switch kind {
		case html.TextToken:
			if element == "script" && isValue(raw) || element != "style" && strings.Contains(raw, styleMarker) {
				fault("value in a script, or a style sheet in text", raw)
			}
			if element == "style" && raw != styleMarker {
				fault("value in a style sheet", raw)
			}
			continue
		case html.StartTagToken, html.SelfClosingTagToken:
			element = token.Data
			if isValue(token.Data) || strings.Contains(raw, templateMarker) || strings.Contains(raw, styleMarker) {
				fault("value in a tag", raw)
			}
			for _, a := range token.Attr {
				if isValue(a.Key) {
					fault("value as an attribute", raw)
				}
				if isValue(a.Val) && unsafeAttribute(a) {
					fault("value in the attribute "+a.Key, raw)
				}
			}
			for _, m := range []string{marker, addressMarker} {
				if strings.Contains(raw, "="+m) {
					fault("attribute without quotes", raw)
				}
			}
		default:
			element = ""
			if isValue(raw) {
				fault("value in an end tag or a comment", raw)
			}
		}
	}
}

// unsafeAttribute reports whether a value must not be in an attribute: it is a script or a
// style, or an address whose beginning the value is, unless the function address checked it.
func unsafeAttribute(a html.Attribute) bool {
	if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"style", "srcdoc", "srcset", "content"}, a.Key) {
		return true
	}
	isAddress := slices.Contains([]string{"href", "src", "action", "formaction", "data", "poster"}, a.Key)
	return isAddress && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, addressMarker)
}

func TestPagesPutValuesOnlyInTextAndQuotedAttributes(t *testing.T) {
	pages, err := filepath.Glob("../*/pages/*.html")
	if err != nil || len(pages) < 25 {
		t.Fatalf("got %d pages, %v", len(pages), err)
	}
	functions := map[string]any{}
	for name := range strings.FieldsSeq("and or not eq ne address clock has join request segment sentence tab value") {
		functions[name] = true
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		trees, err := parse.Parse(page, string(text), "", "", functions)
		if err != nil {
			t.Fatal(err)
		}
		for name, tree := range trees {
			var flat strings.Builder
			flatten(&flat, tree.Root)
			for _, fault := range misplaced(flat.String()) {
				t.Errorf("%s: %s", name, fault)
			}
		}
	}
}

func TestMisplacedFindsUnsafeValues(t *testing.T) {
	for _, page := range []string{
		"<p class=" + marker + ">",
		"<p " + marker + ">",
		"<!-- " + marker + " -->",
		"<script>" + marker + "</script>",
		"<style>" + marker + "</style>",
		"<p>" + styleMarker + "</p>",
		`<a href="` + marker + `">`,
		`<a href="` + templateMarker + `">`,
		`<p onclick="` + marker + `">`,
		`<p style="` + marker + `">`,
		`<form action="` + marker + `/x">`,
	} {
		if len(misplaced(page)) == 0 {
			t.Errorf("%s: got no fault", page)
		}
	}
	safe := `<p class="` + marker + ` x">` + marker + templateMarker + `<a href="/a/` + marker + `">` +
		`<a href="` + addressMarker +
		`"><style>` + styleMarker + "</style><textarea>" + marker + "</textarea>"
	if faults := misplaced(safe); len(faults) > 0 {
		t.Errorf("got %v", faults)
	}
}
