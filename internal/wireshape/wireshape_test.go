package wireshape

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// record returns the shapes of one response to one request.
func record(t *testing.T, path string, form url.Values, respond http.HandlerFunc) []Shape {
	t.Helper()
	server := httptest.NewServer(respond)
	defer server.Close()
	r := &Recorder{Next: http.DefaultTransport}
	r.Begin("step")
	client := http.Client{Transport: r, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	res, err := client.PostForm(server.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return r.Shapes()
}

func TestRecorderKeepsShapesOnly(t *testing.T) {
	const canary = "canary"
	jwt := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"name":"canary","auth_time":1}`)) + ".c2ln"
	shapes := record(t, "/canary/oauth2/v2.0/token", url.Values{
		"client_id":  {canary},
		"grant_type": {"refresh_token"},
		"scope":      {canary},
	}, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("scope") != canary {
			t.Error("the server did not get the body")
		}
		w.Header().Set("X-Ms-Request-Id", canary)
		w.Header().Set("Location", "http://localhost/canary?error=login_required&state=canary")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","suberror":"canary","error_codes":[50076],
			"error_description":"AADSTS50076: canary\r\n",
			"claims":"{\"access_token\":{\"capolids\":{\"values\":[\"canary\"]}}}",
			"extension_11111111222233334444555555555555_canary":true,"canary with spaces":null,
			"nested":{"code":"canary"},"id_token":"`+jwt+`"}`)
	})
	if len(shapes) != 1 {
		t.Fatalf("got %d shapes", len(shapes))
	}
	s := shapes[0]
	raw, err := json.Marshal(s)
	if err != nil || strings.Contains(string(raw), canary) {
		t.Errorf("the recording holds a value: %s, %v", raw, err)
	}
	if s.Endpoint != "token" || s.Grant != "refresh_token" || s.Status != 400 ||
		!slices.Equal(s.Request, []string{"client_id", "grant_type", "scope"}) ||
		!slices.Contains(s.Headers, "X-Ms-Request-Id") || s.Redirect["error"] != "string login_required" {
		t.Errorf("got %s", raw)
	}
	for path, want := range map[string]string{
		"error":             "string invalid_grant",
		"suberror":          "string other",
		"error_codes[]":     "number 50076",
		"error_description": "string with line breaks 50076",
		"claims":            "string with an object",
		"claims{}.access_token.capolids.values[]": "string",
		"id_token{}.auth_time":                    "number",
		"extension_[id]_[name]":                   "boolean",
		"[name]":                                  "null",
		"nested.code":                             "string",
	} {
		if s.Body[path] != want {
			t.Errorf("%s: got %q, want %q", path, s.Body[path], want)
		}
	}
}

func TestCompareNamesEachDifferenceAndItsRow(t *testing.T) {
	shape := func(change func(*Shape)) []Shape {
		s := Shape{
			Step:     "silent-edit",
			Endpoint: "token",
			Grant:    "refresh_token",
			Status:   400,
			Headers:  []string{"Content-Type", "X-Ms-Request-Id"},
			Body: map[string]string{
				"error":         "string invalid_grant",
				"suberror":      "string basic_action",
				"error_codes[]": "number 50076",
			},
		}
		if change != nil {
			change(&s)
		}
		return []Shape{s}
	}
	same := Compare(shape(nil), shape(nil))
	if len(same.Differences) != 0 || len(same.Refuted) != 0 ||
		!slices.Equal(same.Confirmed, []string{"mfa-error-word", "mfa-refusal", "sts-headers"}) {
		t.Errorf("equal recordings: %+v", same)
	}
	for _, c := range []struct {
		name, want, row string
		change          func(*Shape)
	}{
		{
			"header missing",
			"silent-edit: token refresh_token header X-Ms-Request-Id: the tenant sends nothing, the sandbox it",
			"sts-headers",
			func(s *Shape) { s.Headers = s.Headers[:1] },
		},
		{
			"another error",
			"silent-edit: token refresh_token body error: the tenant sends string interaction_required, " +
				"the sandbox string invalid_grant",
			"mfa-error-word",
			func(s *Shape) { s.Body["error"] = "string interaction_required" },
		},
		{
			"another status",
			"silent-edit: token refresh_token status: the tenant sends 401, the sandbox 400",
			"mfa-refusal",
			func(s *Shape) { s.Status = 401 },
		},
		{
			"another type",
			"silent-edit: token refresh_token body error_codes[]: the tenant sends string, the sandbox number 50076",
			"",
			func(s *Shape) { s.Body["error_codes[]"] = "string" },
		},
	} {
		got := Compare(shape(c.change), shape(nil))
		if len(got.Differences) != 1 || got.Differences[0].String() != c.want || got.Differences[0].Row != c.row {
			t.Errorf("%s: %+v", c.name, got.Differences)
		}
		if c.row != "" && (!slices.Contains(got.Refuted, c.row) || slices.Contains(got.Confirmed, c.row)) {
			t.Errorf("%s: refuted %v, confirmed %v", c.name, got.Refuted, got.Confirmed)
		}
	}
}

func TestRulesNameRowsOfTheDocument(t *testing.T) {
	raw, err := os.ReadFile("../../docs/explanation/fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| id ") || strings.HasPrefix(line, "| ---") {
			continue
		}
		id := regexp.MustCompile("^\\| `([a-z0-9-]+)` \\| ").FindStringSubmatch(line)
		if id == nil || ids[id[1]] {
			t.Errorf("a row has no id of its own: %.60s", line)
			continue
		}
		ids[id[1]] = true
	}
	for _, r := range rules() {
		if !ids[r.row] {
			t.Errorf("%s is not a row of docs/explanation/fidelity.md", r.row)
		}
	}
}
