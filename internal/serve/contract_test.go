package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/api"
	"github.com/profilectl/profilectl/internal/profile"
)

// contract is the part of openapi.yaml that the handler is checked against.
type contract struct {
	Paths map[string]map[string]struct {
		Responses map[string]any `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Schemas struct {
			Change struct {
				Additional bool `yaml:"additionalProperties"`
				Properties map[string]struct {
					Type      any `yaml:"type"`
					MaxLength int `yaml:"maxLength"`
				} `yaml:"properties"`
			} `yaml:"Change"`
			Problem struct {
				Properties map[string]any `yaml:"properties"`
			} `yaml:"Problem"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func readContract(t *testing.T) contract {
	t.Helper()
	var c contract
	if err := yaml.Unmarshal([]byte(api.OpenAPI), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContractHasTheFieldsAndTheirRules(t *testing.T) {
	change := readContract(t).Components.Schemas.Change
	if len(change.Properties) != len(profile.Fields()) || change.Additional {
		t.Errorf("it has %d properties", len(change.Properties))
	}
	for _, f := range profile.Fields() {
		p, ok := change.Properties[f.Name]
		_, onlyText := p.Type.(string)
		if !ok || p.MaxLength != f.Max || onlyText != f.Keep {
			t.Errorf("%s: the contract says %+v, the rule %+v", f.Name, p, f)
		}
	}
}

func TestContractIsServedAndNamesEveryStatus(t *testing.T) {
	w := newWorld(t)
	if res := w.get("/openapi.yaml"); res.Code != http.StatusOK || res.Body.String() != api.OpenAPI {
		t.Fatalf("got %d", res.Code)
	}
	c := readContract(t)
	if len(c.Paths) != 4 {
		t.Errorf("the contract has %d paths", len(c.Paths))
	}
	responses := c.Paths["/updateUserInfo"]["post"].Responses
	for _, got := range []*httptest.ResponseRecorder{
		w.post(howTo, w.strong),
		w.post(howTo, ""),
		w.post("{}", w.strong),
		w.post(howTo, w.strong, func(r *http.Request) { r.Header.Del("Content-Type") }),
		w.post(howTo, w.strong, func(r *http.Request) { r.Method = http.MethodPut }),
	} {
		if _, ok := responses[strconv.Itoa(got.Code)]; !ok {
			t.Errorf("the contract does not name %d", got.Code)
		}
	}
	for _, got := range []*httptest.ResponseRecorder{w.schema(w.strong), w.schema("")} {
		if _, ok := c.Paths["/schema"]["get"].Responses[strconv.Itoa(got.Code)]; !ok {
			t.Errorf("the contract does not name %d for the schema", got.Code)
		}
	}
	passwords := c.Paths["/changePassword"]["post"].Responses
	for _, status := range []string{
		"204", "400", "401", "403", "405", "408", "413", "415", "422", "429", "500", "502", "503", "504",
	} {
		if _, ok := responses[status]; !ok {
			t.Errorf("the contract does not name %s", status)
		}
		if _, ok := passwords[status]; !ok {
			t.Errorf("the contract does not name %s for passwords", status)
		}
	}
}
