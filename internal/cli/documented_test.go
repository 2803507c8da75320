package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"
)

// documentedCommand compares the JSON that a command printed with the example of
// that name in docs/reference/output.md: both must have the same fields of the same
// types.
func documentedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: documented NAME FILE")
	}
	guide, err := os.ReadFile("../../docs/reference/output.md") // the test binary runs in the package's directory
	ts.Check(err)
	block := regexp.MustCompile("(?s)### `" + regexp.QuoteMeta(args[0]) + "`\n.*?```json\n(.*?)```").FindSubmatch(guide)
	if block == nil {
		ts.Fatalf("docs/reference/output.md has no example of %s", args[0])
	}
	var example, printed any
	ts.Check(json.Unmarshal(block[1], &example))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &printed))
	if difference := compareForm(args[0], example, printed); difference != "" {
		ts.Fatalf("%s", difference)
	}
}

// compareForm describes the first difference in form between an example and a
// printed value, or returns "" if there is none. A null has the form of every
// value.
func compareForm(path string, example, printed any) string {
	if example == nil || printed == nil {
		return ""
	}
	switch e := example.(type) {
	case map[string]any:
		p, ok := printed.(map[string]any)
		if !ok {
			return path + " is not an object"
		}
		return compareFields(path, e, p)
	case []any:
		p, ok := printed.([]any)
		if !ok {
			return path + " is not a list"
		}
		for i, element := range p {
			if difference := compareForm(fmt.Sprintf("%s[%d]", path, i), e[0], element); difference != "" {
				return difference
			}
		}
		return ""
	default:
		if want, got := fmt.Sprintf("%T", example), fmt.Sprintf("%T", printed); want != got {
			return fmt.Sprintf("%s is a %s, but is documented as a %s", path, got, want)
		}
		return ""
	}
}

func compareFields(path string, example, printed map[string]any) string {
	for _, name := range slices.Sorted(maps.Keys(printed)) {
		if _, ok := example[name]; !ok {
			return path + "." + name + " is not documented"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(example)) {
		value, ok := printed[name]
		if !ok {
			return path + "." + name + " is documented, but was not printed"
		}
		if difference := compareForm(path+"."+name, example[name], value); difference != "" {
			return difference
		}
	}
	return ""
}
