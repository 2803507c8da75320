package arch

import (
	"slices"
	"strings"
	"testing"
)

func TestPackagesImportOnlyWhatIsPlanned(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		seen[s.pkg] = true
		entry, ok := plan()[s.pkg]
		if !ok {
			t.Errorf("%s is not in the plan: add it, with its layer and imports", s.pkg)
			continue
		}
		for _, p := range s.imports() {
			host, _, _ := strings.Cut(p, "/")
			if !strings.Contains(host, ".") {
				continue // the standard library
			}
			if !slices.Contains(entry.imports, strings.TrimPrefix(p, module)) {
				t.Errorf("%s: %s must not import %s", s.name, s.pkg, p)
			}
		}
	}
	for pkg := range plan() {
		if !seen[pkg] {
			t.Errorf("%s is in the plan but not in the codebase: remove it", pkg)
		}
	}
}

func TestPlanAllowsImportsOfLowerLayersOnly(t *testing.T) {
	for pkg, entry := range plan() {
		for _, p := range entry.imports {
			imported, ours := plan()[p]
			if ours && entry.layer <= imported.layer {
				t.Errorf("%s (layer %d) may not import %s (layer %d)", pkg, entry.layer, p, imported.layer)
			}
			if p == "internal/playground" && pkg == "sandbox/sandboxtest" {
				continue
			}
			if strings.HasPrefix(pkg, "sandbox") && strings.HasPrefix(p, "internal/") {
				t.Errorf("%s may not import %s: the sandbox shares no code with what it tests", pkg, p)
			}
		}
	}
}
