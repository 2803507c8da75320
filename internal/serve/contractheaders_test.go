package serve_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/api"
)

// reference is a part of openapi.yaml that another one refers to.
type reference struct {
	Ref string `yaml:"$ref"`
}

// name returns the last part of a reference.
func (r reference) name() string { return r.Ref[strings.LastIndex(r.Ref, "/")+1:] }

// sentResponse is a response of openapi.yaml, or a reference to one.
type sentResponse struct {
	reference `yaml:",inline"`
	Headers   map[string]reference `yaml:"headers"`
}

// headerContract is what openapi.yaml has about headers.
type headerContract struct {
	Paths map[string]map[string]struct {
		Security   []any                   `yaml:"security"`
		Parameters []reference             `yaml:"parameters"`
		Responses  map[string]sentResponse `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Headers   map[string]any          `yaml:"headers"`
		Responses map[string]sentResponse `yaml:"responses"`
	} `yaml:"components"`
}

func readHeaderContract(t *testing.T) headerContract {
	t.Helper()
	var c headerContract
	if err := yaml.Unmarshal([]byte(api.OpenAPI), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// headers returns the names of the headers of a response, sorted.
func (c headerContract) headers(r sentResponse) []string {
	if r.Ref != "" {
		r = c.Components.Responses[r.name()]
	}
	return slices.Sorted(maps.Keys(r.Headers))
}

// TestContractPageHasTheHeaders compares the table of headers with openapi.yaml. A response
// header without a status on the page is in every response of the routes that need a token.
func TestContractPageHasTheHeaders(t *testing.T) {
	c := readHeaderContract(t)
	requests := map[string]bool{}
	statuses := map[string]map[string]bool{} // of each response header
	all := map[string]bool{}
	for _, operations := range c.Paths {
		for _, operation := range operations {
			if operation.Security != nil {
				requests["Authorization"] = true
			}
			for _, p := range operation.Parameters {
				requests[p.name()] = true
			}
			for status, r := range operation.Responses {
				if status != "404" && status != "200" { // also of routes without a token
					all[status] = true
				}
				for _, name := range c.headers(r) {
					if statuses[name] == nil {
						statuses[name] = map[string]bool{}
					}
					statuses[name][status] = true
				}
			}
		}
	}
	rows := map[string]bool{}
	for _, row := range contractTable(t, "header") {
		name := quoted(row[0])[0]
		rows[name] = true
		inRequest, inResponse := strings.HasPrefix(row[1], "request"), strings.Contains(row[1], "response")
		if inRequest != requests[name] || inResponse != (statuses[name] != nil) {
			t.Errorf("the page has %s in the %s; openapi.yaml: request %t, response %t",
				name, row[1], requests[name], statuses[name] != nil)
		}
		want := all
		if _, list, some := strings.Cut(row[1], "response: "); some {
			want = map[string]bool{}
			for status := range strings.SplitSeq(list, ", ") {
				want[status] = true
			}
		}
		got := maps.Clone(statuses[name])
		if !strings.Contains(row[1], ":") {
			delete(got, "404")
			delete(got, "200")
		}
		if inResponse && !maps.Equal(got, want) {
			t.Errorf("%s: the page has the statuses %v, openapi.yaml has %v", name, want, got)
		}
	}
	for name := range c.Components.Headers {
		if !rows[name] {
			t.Errorf("the page has no header %s", name)
		}
	}
	for name := range requests {
		if !rows[name] {
			t.Errorf("the page has no header %s", name)
		}
	}
}

// TestContractNamesTheHeadersOfResponses compares the headers of responses with those of
// openapi.yaml for the same route and status.
func TestContractNamesTheHeadersOfResponses(t *testing.T) {
	w := newWorld(t)
	c := readHeaderContract(t)
	update := func(status int) sentResponse {
		return c.Paths["/updateUserInfo"]["post"].Responses[strconv.Itoa(status)]
	}
	for _, got := range []struct {
		name string
		res  *httptest.ResponseRecorder
		want sentResponse
	}{
		{"a change", w.post(howTo, w.strong), update(http.StatusNoContent)},
		{"an empty change", w.post("{}", w.strong), update(http.StatusBadRequest)},
		{"no token", w.post(howTo, ""), update(http.StatusUnauthorized)},
		{"another method", w.post(howTo, w.strong, func(r *http.Request) { r.Method = http.MethodPut }),
			update(http.StatusMethodNotAllowed)},
		{"the schema", w.schema(w.strong), c.Paths["/schema"]["get"].Responses["200"]},
		{"no passwords", w.changePassword("{}", w.strong), c.Paths["/changePassword"]["post"].Responses["404"]},
		{"the contract", w.get("/openapi.yaml"), c.Paths["/openapi.yaml"]["get"].Responses["200"]},
	} {
		var sent []string
		for name := range c.Components.Headers {
			if got.res.Header().Get(name) != "" {
				sent = append(sent, name)
			}
		}
		slices.Sort(sent)
		if want := c.headers(got.want); !slices.Equal(sent, want) {
			t.Errorf("%s: status %d has the headers %v, openapi.yaml has %v", got.name, got.res.Code, sent, want)
		}
	}
}
