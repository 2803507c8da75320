package graph

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// FuzzParseChanges checks that no body changes a property that users may not change, and
// that every accepted value keeps the rules.
func FuzzParseChanges(f *testing.F) {
	for _, seed := range []string{
		`{"city":"Bern"}`,
		`{"@odata.type":"#microsoft.graph.user","City":null,"city@odata.type":"#String"}`,
		`{"displayName":null}`,
		`{"city":"a","city":"b"}`,
		`{"accountEnabled":false}`,
		`{"city":{"a":[1,2]}}`,
		`{} {}`,
		"{\"\xff\":\"\xff\"}",
		`[`,
		``,
	} {
		f.Add([]byte(seed))
	}
	g := newGraphOf(f, directory.Attribute{App: "0123", Name: "Points", Type: directory.IntegerType})
	f.Fuzz(func(t *testing.T, raw []byte) {
		changes, e := g.parseChanges(raw, false)
		if e != nil {
			if changes != nil || e.Status < 400 || e.Code == "" || e.Message == "" {
				t.Fatalf("%q: got %v and %+v", raw, changes, e)
			}
			return
		}
		if len(changes) == 0 {
			t.Fatalf("%q: no change was accepted", raw)
		}
		for name, text := range changes {
			if maxLength(name) == 0 || text == nil && name == "displayName" || text != nil && *text == "" {
				t.Fatalf("%q changes %s to %v", raw, name, text)
			}
		}
	})
}

// newGraphOf returns a Graph whose directory has one app and one custom attribute.
func newGraphOf(tb testing.TB, a directory.Attribute) *Graph {
	tb.Helper()
	d, err := directory.Open(nil, func() (directory.State, error) {
		return directory.State{
			Apps:       []directory.App{{ID: a.App, Principal: &directory.ServicePrincipal{ID: "1"}}},
			Attributes: []directory.Attribute{a},
		}, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return New(Config{Directory: d})
}

// FuzzParseChangesOfApps checks that an app changes only properties of profiles and custom
// attributes that exist, and that numbers keep their value.
func FuzzParseChangesOfApps(f *testing.F) {
	const points = "extension_0123_Points"
	for _, seed := range []string{
		`{"extension_0123_Points":9223372036854775807}`,
		`{"EXTENSION_0123_points":-1}`,
		`{"extension_0123_Points":1e3}`,
		`{"extension_0123_Points":null,"city":"Bern"}`,
		`{"extension_0123_Other":1}`,
	} {
		f.Add([]byte(seed))
	}
	g := newGraphOf(f, directory.Attribute{App: "0123", Name: "Points", Type: directory.IntegerType})
	f.Fuzz(func(t *testing.T, raw []byte) {
		changes, _ := g.parseChanges(raw, true)
		for name, text := range changes {
			if name != points && maxLength(name) == 0 {
				t.Fatalf("%q changes %s", raw, name)
			}
			if name != points || text == nil {
				continue
			}
			if n, err := strconv.ParseInt(*text, 10, 64); err != nil || strconv.FormatInt(n, 10) != *text {
				t.Fatalf("%q stores %q", raw, *text)
			}
		}
	})
}

// FuzzParseSelect checks that every accepted name is a property in Graph's spelling, an
// extension or a relationship, and named once.
func FuzzParseSelect(f *testing.F) {
	for _, seed := range []string{"city", "DisplayName,*", "a,,b", " ", "extension_1_a", "manager", "city/x", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		selected, e := parseSelect(list)
		if e != nil {
			return
		}
		for i, name := range selected {
			spelling, known := propertyName(name)
			relationship := containsFold(navigationProperties(), name)
			if known && spelling != name || !known && !isExtension(name) && !relationship {
				t.Fatalf("%q selects %q", list, name)
			}
			if slices.Contains(selected[:i], name) {
				t.Fatalf("%q selects %q twice", list, name)
			}
		}
	})
}

// FuzzParsePath checks that every path names a resource or is an error, and that no path
// of another shape names the signed-in user.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{
		"/v1.0/me", "/V1.0/users/x/photo/$value", "/beta/users('a')", "/oidc/userinfo", "//", "/v1.0/%2e%2e/me", "%",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u := &url.URL{Path: path}
		got, e := parsePath(u)
		if e != nil || got.kind != wholeUser || got.user != "" {
			return
		}
		plain := strings.ToLower(strings.Join(splitPath(u), "/"))
		if plain != "v1.0/me" && plain != "beta/me" {
			t.Fatalf("%q names the signed-in user", path)
		}
	})
}

// FuzzParseBatch checks that accepted batches have different ids and come after what they
// depend on.
func FuzzParseBatch(f *testing.F) {
	for _, seed := range []string{
		`{"requests":[{"id":"1","method":"GET","url":"/me"}]}`,
		`{"requests":[{"id":"1","method":"GET","url":"/","dependsOn":["2"]},{"id":"2","method":"X","url":"x"}]}`,
		`{"requests":[{"id":"1","method":"PATCH","url":"/me","body":{},"headers":{"Content-Type":""}}]}`,
		`[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		requests, e := parseBatch(raw)
		if e != nil {
			return
		}
		done := map[string]bool{}
		for _, b := range requests {
			id := strings.ToLower(b.ID)
			if done[id] {
				t.Fatalf("%q has the id %q twice", raw, b.ID)
			}
			for _, other := range b.DependsOn {
				if !done[strings.ToLower(other)] {
					t.Fatalf("%q runs %q too early", raw, b.ID)
				}
			}
			done[id] = true
		}
	})
}
