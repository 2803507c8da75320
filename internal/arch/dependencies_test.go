package arch

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreDocumented compares go.mod with docs/explanation/dependencies.md.
func TestDependenciesAreDocumented(t *testing.T) {
	c := exec.Command("go", "list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("../../docs/explanation/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(raw), -1) {
		documented = append(documented, row[1])
	}
	direct := strings.Fields(string(out))
	for _, module := range direct {
		if !slices.Contains(documented, module) {
			t.Errorf("%s is not documented", module)
		}
	}
	for _, module := range documented {
		if !slices.Contains(direct, module) {
			t.Errorf("%s is documented, but not used directly", module)
		}
	}
}
