package robot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// form represents one form of a page with the values of its fields.
type form struct {
	id, action string
	values     url.Values
}

// parse returns the forms and the visible text of a page.
func parse(page string) ([]form, string, error) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, "", fmt.Errorf("parse page: %w", err)
	}
	var forms []form
	var text []string
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && visible(n):
			if s := strings.TrimSpace(n.Data); s != "" {
				text = append(text, s)
			}
		case n.DataAtom == atom.Form:
			forms = append(forms, form{
				id:     attribute(n, "id"),
				action: attribute(n, "action"),
				values: url.Values{},
			})
		case n.DataAtom == atom.Input && len(forms) > 0:
			// Boxes are left unticked, as they are when the page opens.
			if name := attribute(n, "name"); name != "" && attribute(n, "type") != "checkbox" {
				forms[len(forms)-1].values.Set(name, attribute(n, "value"))
			}
		}
	}
	return forms, strings.Join(text, "\n"), nil
}

func visible(text *html.Node) bool {
	if text.Parent == nil {
		return true
	}
	switch text.Parent.DataAtom {
	case atom.Style, atom.Script, atom.Noscript:
		return false
	}
	return true
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// request returns the request that submits the form from the page at an address.
func (f form) request(ctx context.Context, page string) (*http.Request, error) {
	base, err := url.Parse(page)
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	target, err := base.Parse(f.action)
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	body := strings.NewReader(f.values.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("submit form: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base.Scheme+"://"+base.Host)
	site := "cross-site"
	if target.Host == base.Host {
		site = "same-origin"
	}
	req.Header.Set("Sec-Fetch-Site", site)
	return req, nil
}
