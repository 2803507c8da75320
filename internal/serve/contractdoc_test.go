package serve_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	problems "github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/profile"
)

// contractTable returns the rows of a table of docs/reference/contract.md, without its
// heading, by the first cell of the heading.
func contractTable(t *testing.T, heading string) [][]string {
	t.Helper()
	page := string(readFile(t, "../../docs/reference/contract.md"))
	_, table, found := strings.Cut(page, "\n| "+heading+" |")
	if !found {
		t.Fatalf("there is no table with the heading %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var rows [][]string
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// quoted returns the texts between backquotes.
func quoted(cell string) []string {
	var texts []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		texts = append(texts, m[1])
	}
	return texts
}

func TestContractPageHasTheRoutesAndStatuses(t *testing.T) {
	want := map[string][]string{}
	for path, operations := range readContract(t).Paths {
		for method, operation := range operations {
			want[strings.ToUpper(method)+" "+path] = slices.Sorted(maps.Keys(operation.Responses))
		}
	}
	got := map[string][]string{}
	failures := map[string]bool{}
	for _, row := range contractTable(t, "route") {
		statuses := strings.Split(row[2], ", ")
		got[quoted(row[0])[0]] = statuses
		for _, status := range statuses {
			if status >= "400" {
				failures[status] = true
			}
		}
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the page has\n%v\nopenapi.yaml has\n%v", got, want)
	}
	explained := map[string]bool{}
	for _, row := range contractTable(t, "type") {
		for status := range strings.SplitSeq(row[1], ", ") {
			explained[status] = true
		}
	}
	if !maps.Equal(explained, failures) {
		t.Errorf("the types explain\n%v\nthe routes have\n%v", explained, failures)
	}
}

func TestContractPageHasTheMembersAndTypesOfProblems(t *testing.T) {
	var members, types []string
	for _, row := range contractTable(t, "member") {
		members = append(members, quoted(row[0])...)
	}
	if want := slices.Sorted(maps.Keys(readContract(t).Components.Schemas.Problem.Properties)); !slices.Equal(
		slices.Sorted(slices.Values(members)), want) {
		t.Errorf("the page has the members %v, openapi.yaml has %v", members, want)
	}
	for _, row := range contractTable(t, "type") {
		types = append(types, quoted(row[0])...)
	}
	var want []string
	for _, kind := range fault.Kinds() {
		switch kind {
		case fault.Conflict, fault.Canceled, fault.Unprinted: // the mid-tier sends none of them
			continue
		}
		name := problems.From(&fault.Error{Kind: kind}, 0, "").Type
		want = append(want, name[strings.LastIndex(name, "/")+1:])
	}
	slices.Sort(types)
	slices.Sort(want)
	if !slices.Equal(types, want) {
		t.Errorf("the page has the types %v, the mid-tier has %v", types, want)
	}
}

func TestContractPageHasTheFieldsAndTheirRules(t *testing.T) {
	type rule struct {
		longest int
		keep    bool
	}
	got, want := map[string]rule{}, map[string]rule{}
	for _, row := range contractTable(t, "field") {
		digits := regexp.MustCompile(`^\d+`).FindString(row[1])
		longest, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range quoted(row[0]) {
			got[name] = rule{longest, row[2] == "no"}
		}
	}
	for _, f := range profile.Fields() {
		want[f.Name] = rule{f.Max, f.Keep}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the page has\n%v\nthe fields are\n%v", got, want)
	}
}

// TestContractPageShowsWhatIsSent compares the examples of the page with what the mid-tier
// sends: a claims challenge, in the headers and in the document, and the version of the
// built-in schema.
func TestContractPageShowsWhatIsSent(t *testing.T) {
	page := string(readFile(t, "../../docs/reference/contract.md"))
	sent := challenge.ACRS("c1")
	header := http.Header{}
	sent.Header(header, challenge.Issuer{
		AuthorizationURI: "https://contoso.ciamlogin.com/…/oauth2/v2.0/authorize",
		ClientID:         "…",
	})
	for _, value := range header.Values("WWW-Authenticate") {
		if !strings.Contains(page, "\nWWW-Authenticate: "+value+"\n") {
			t.Errorf("the page does not show\n%s", value)
		}
	}
	if version := profile.BuiltIn().Version(); !strings.Contains(page, "\nProfile-Schema: "+version+"\n") {
		t.Errorf("the page does not show the version %s", version)
	}
	example := regexp.MustCompile(`(?m)^\{"type":.*\}$`).FindString(page)
	d := json.NewDecoder(strings.NewReader(example))
	d.DisallowUnknownFields()
	var document problems.Document
	if err := d.Decode(&document); err != nil || document.Claims != sent.Request() || document.Status != 401 {
		t.Errorf("%v: %s", err, example)
	}
}
