package odata

import (
	"net/url"
	"strings"
	"testing"
)

func object() Object {
	return Object{
		"id":          "1",
		"displayName": "It's mine",
		"tags":        []string{"a", "b"},
		"enabled":     true,
		"notes":       nil,
		"@odata.type": "t",
	}
}

func TestFilterSelectsByCondition(t *testing.T) {
	for text, want := range map[string]bool{
		"id eq '1'":                                  true,
		"ID EQ '1'":                                  true,
		"id ne '1'":                                  false,
		"displayName eq 'it''s MINE'":                true,
		"startsWith(displayName,'It')":               true,
		"startswith(displayName, 'mine')":            false,
		"tags/any(t:t eq 'b')":                       true,
		"tags/any(x: x eq 'c')":                      false,
		"enabled eq true":                            true,
		"enabled eq false":                           false,
		"notes eq null":                              true,
		"id eq '2' or id eq '1' and enabled eq true": true,
		"(id eq '2' or id eq '1') and not (enabled eq true)": false,
	} {
		f, e := ParseFilter(text)
		if e != nil {
			t.Errorf("%s: %v", text, e.Message)
			continue
		}
		if got, e := f.matches(object()); e != nil || got != want {
			t.Errorf("%s: got %v %v, want %v", text, got, e, want)
		}
	}
}

func TestFilterRejectsWhatItDoesNotSupport(t *testing.T) {
	for _, text := range []string{
		"", "id", "id eq", "id eq '1", "id gt '1'", "id eq '1' and", "(id eq '1'", "id eq '1')", "tags/any(t:u eq 'a')",
		"tags/any(t:t ne 'a')", "startsWith(id)", "contains(id,'1')", "id eq '1' id eq '1'", "'1' eq id", "id eq \"1\"",
		strings.Repeat("(", 30) + "id eq '1'" + strings.Repeat(")", 30), strings.Repeat("x", 5000),
	} {
		if _, e := ParseFilter(text); e == nil || e.Status != 400 {
			t.Errorf("%q was accepted", text)
		}
	}
	for _, text := range []string{"nothing eq '1'", "tags eq 'a'", "id/any(t:t eq '1')"} {
		f, e := ParseFilter(text)
		if e != nil {
			t.Fatalf("%q: %v", text, e.Message)
		}
		if _, e := f.matches(object()); e == nil || e.Code != "Request_UnsupportedQuery" {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"$filter=tags/any(t:t eq 'a')&$select=id,tags&$top=2", "$filter=not(id eq '1' or startsWith(id,'''))",
		"$count=true&$skiptoken=1", "$filter=(((", "$top=-1", "$filter=id%20eq%20'", "$select=(,)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u := &url.URL{Scheme: "https", Host: "graph.microsoft.com", Path: "/v1.0/applications", RawQuery: raw}
		q, e := ParseQuery(u)
		if e != nil {
			if e.Status != 400 || e.Message == "" {
				t.Errorf("got %+v", e)
			}
			return
		}
		page, e := q.Page("context", []Object{object(), object(), object()}, u)
		if e == nil && len(page["value"].([]Object)) > 3 {
			t.Errorf("got %v", page)
		}
	})
}
