package cli

import (
	"regexp"
	"slices"
	"testing"
)

// TestRunbookNamesExistingTests checks that the runbook names a test for each task that
// changes a running mid-tier, and that each of them exists.
func TestRunbookNamesExistingTests(t *testing.T) {
	names := matches("`(Test\\w+)`", readGuide(t, "how-to/runbook.md"))
	if len(names) < 8 {
		t.Errorf("the runbook names %d tests", len(names))
	}
	tests := testNames(t)
	for _, name := range names {
		if !tests[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}

// matches returns what the group of a pattern matches, sorted.
func matches(pattern, text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}
