package robot

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// form is one form of a page with the values it comes with.
type form struct {
	id, action string
	values     url.Values
}

// parse reads the forms of a page, and its text.
func parse(page string) ([]form, string, error) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, "", fmt.Errorf("read page: %w", err)
	}
	var forms []form
	var text []string
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && shown(n):
			if s := strings.TrimSpace(n.Data); s != "" {
				text = append(text, s)
			}
		case n.DataAtom == atom.Form:
			forms = append(forms, form{id: attribute(n, "id"), action: attribute(n, "action"), values: url.Values{}})
		case n.DataAtom == atom.Input && len(forms) > 0:
			if name := attribute(n, "name"); name != "" {
				forms[len(forms)-1].values.Set(name, attribute(n, "value"))
			}
		}
	}
	return forms, strings.Join(text, "\n"), nil
}

func shown(n *html.Node) bool {
	return n.Parent == nil || n.Parent.DataAtom != atom.Style && n.Parent.DataAtom != atom.Script && n.Parent.DataAtom != atom.Noscript
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
