package arch

import (
	"slices"
	"testing"
)

// TestNoPackageExecutesTemplates checks that the linker can drop methods that nothing calls
// (docs/explanation/adr/0012-templates-without-methods.md).
func TestNoPackageExecutesTemplates(t *testing.T) {
	for _, s := range sources(t) {
		for _, forbidden := range []string{"html/template", "text/template"} {
			if slices.Contains(s.imports(), forbidden) {
				t.Errorf("%s imports %s, which keeps every exported method in the program", s.name, forbidden)
			}
		}
	}
}
