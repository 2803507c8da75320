package serve_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMetricsAreDocumented compares the table of docs/reference/serve.md with the metrics
// of mid-tiers that have served requests.
func TestMetricsAreDocumented(t *testing.T) {
	served := map[string]bool{}
	for name := range parseMetrics(scrapes(t)) {
		base := strings.NewReplacer("_seconds_sum", "_seconds", "_seconds_count", "_seconds",
			"_seconds_bucket", "_seconds").Replace(name)
		if strings.HasPrefix(base, "profilectl_") {
			served[base] = true
		}
	}
	documented := map[string]bool{}
	page := readFile(t, "../../docs/reference/serve.md")
	for _, row := range regexp.MustCompile("(?m)^\\| `(profilectl_\\w+)` \\|").FindAllSubmatch(page, -1) {
		documented[string(row[1])] = true
	}
	if !maps.Equal(served, documented) {
		t.Errorf("served\n%v\ndocumented\n%v", slices.Sorted(maps.Keys(served)), slices.Sorted(maps.Keys(documented)))
	}
}
