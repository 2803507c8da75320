package wireshape

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Difference is one point in which two recordings differ.
type Difference struct {
	Step    string `json:"step"`
	Point   string `json:"point"`   // such as "token 1 body error"
	Tenant  string `json:"tenant"`  // what the tenant sends; empty if nothing
	Sandbox string `json:"sandbox"` // what the sandbox sends; empty if nothing
	Row     string `json:"row"`     // the row of docs/explanation/fidelity.md that it refutes; empty if none
}

// String returns the difference in words.
func (d Difference) String() string {
	side := func(what string) string {
		if what == "" {
			return "nothing"
		}
		return what
	}
	return fmt.Sprintf("%s: %s: the tenant sends %s, the sandbox %s", d.Step, d.Point, side(d.Tenant), side(d.Sandbox))
}

// Comparison is the result of comparing a tenant with the sandbox.
type Comparison struct {
	Differences []Difference `json:"differences"`
	// Confirmed are the rows of docs/explanation/fidelity.md of which all points agree.
	Confirmed []string `json:"confirmed"`
	Refuted   []string `json:"refuted"` // the rows of the differences
}

// Compare compares the recordings of the same journey at a tenant and at the sandbox.
func Compare(tenant, sandbox []Shape) Comparison {
	at, in := points(tenant), points(sandbox)
	result := Comparison{Differences: []Difference{}, Confirmed: []string{}, Refuted: []string{}}
	checked := map[string]bool{} // by row: whether all points agree
	for _, p := range sorted(at, in) {
		row := rowFor(p.step, p.name)
		same := at[p] == in[p]
		if row != "" {
			agrees, seen := checked[row]
			checked[row] = same && (agrees || !seen)
		}
		if !same {
			result.Differences = append(result.Differences, Difference{p.step, p.name, at[p], in[p], row})
		}
	}
	for _, row := range slices.Sorted(maps.Keys(checked)) {
		if checked[row] {
			result.Confirmed = append(result.Confirmed, row)
		} else {
			result.Refuted = append(result.Refuted, row)
		}
	}
	return result
}

// point is a place in a recording.
type point struct{ step, name string }

// points returns what each point of a recording has.
func points(shapes []Shape) map[point]string {
	all := map[point]string{}
	count := map[point]int{}
	for _, s := range shapes {
		kind := strings.TrimSpace(s.Endpoint + " " + s.Grant)
		n := point{s.Step, kind}
		count[n]++
		if count[n] > 1 {
			kind += " " + strconv.Itoa(count[n])
		}
		add := func(name, what string) { all[point{s.Step, kind + " " + name}] = what }
		add("status", strconv.Itoa(s.Status))
		for _, h := range s.Headers {
			add("header "+h, "it")
		}
		for path, what := range s.Body {
			add(strings.TrimSpace("body "+path), what)
		}
		for name, what := range s.Redirect {
			add("redirect "+name, what)
		}
	}
	return all
}

func sorted(a, b map[point]string) []point {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.SortedFunc(maps.Keys(all), func(x, y point) int {
		return strings.Compare(x.step+"\x00"+x.name, y.step+"\x00"+y.name)
	})
}

// rule connects points with a row of docs/explanation/fidelity.md.
type rule struct{ step, part, row string } // the step is empty for all

// rules returns the rules; the first that fits counts.
func rules() []rule {
	return []rule{
		{"silent-edit", "body error", "mfa-error-word"},
		{"silent-edit", "status", "mfa-refusal"},
		{"silent-edit", "body suberror", "mfa-refusal"},
		{"silent-edit", "body claims", "mfa-refusal"},
		{"", "body error_description", "error-line-breaks"},
		{"", "redirect error_description", "error-line-breaks"},
		{"", "body error_uri", "error-uri"},
		{"", "header X-Ms-Request-Id", "sts-headers"},
		{"", "header X-Ms-Ests-Server", "sts-headers"},
		{"", "header P3p", "sts-headers"},
		{"me-unknown-property", "status", "graph-unknown-property"},
		{"me-unknown-property", "body error.code", "graph-unknown-property"},
		{"authorize-silent", "redirect", "authorize-errors"},
		{"authorize-silent", "status", "authorize-errors"},
		{"authorize-response-type", "redirect", "authorize-errors"},
		{"authorize-prompt", "redirect", "authorize-errors"},
		{"token-without-code", "body error_codes[]", "missing-parameters"},
		{"token-malformed-code", "body error_codes[]", "malformed-requests"},
		{"token-repeated-parameter", "body error_codes[]", "malformed-requests"},
		{"me-other-case", "status", "graph-case"},
		{"me-expand", "status", "graph-expand"},
		{"me-expand", "body error.code", "graph-expand"},
		{"me-filter", "status", "graph-collection-options"},
		{"me-photo", "status", "graph-paths"},
		{"me-photo", "body error.code", "graph-paths"},
		{"me-unknown-path", "status", "graph-paths"},
		{"me-put", "status", "graph-methods"},
		{"other-user", "status", "graph-other-user"},
		{"batch-malformed", "status", "graph-batch"},
		{"userinfo", "status", "userinfo"},
		{"userinfo", "body sub", "userinfo"},
		{"sign-out", "status", "logout-redirect"},
		{"step-up", "body access_token{}.auth_time", "auth-time"},
		{"step-up", "body access_token{}.acrs", "context-without-policy"},
		{"step-up", "body access_token{}.tid", "tid-claim"},
		{"step-up", "body access_token{}", "access-token-shows-no-factor"},
		{"sign-in", "body access_token{}", "graph-tokens-v1"},
	}
}

// rowFor returns the row that a point confirms or refutes, or an empty string.
func rowFor(step, name string) string {
	for _, r := range rules() {
		_, rest, found := strings.Cut(name, r.part)
		group := r.part == "redirect" || strings.HasSuffix(r.part, "{}")
		whole := group || rest == "" || strings.ContainsAny(rest[:1], ".{[")
		if (r.step == "" || r.step == step) && found && whole {
			return r.row
		}
	}
	return ""
}
