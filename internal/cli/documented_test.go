package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// documentedCommand holds the JSON that a command printed against the example of
// that name in docs/scripting.md: the same fields of the same types.
func documentedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: documented NAME FILE")
	}
	guide, err := os.ReadFile("../../docs/scripting.md") // the working directory is the package's
	ts.Check(err)
	block := regexp.MustCompile("(?s)### `" + regexp.QuoteMeta(args[0]) + "`\n.*?```json\n(.*?)```").FindSubmatch(guide)
	if block == nil {
		ts.Fatalf("docs/scripting.md has no example of %s", args[0])
	}
	var example, printed any
	ts.Check(json.Unmarshal(block[1], &example))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &printed))
	if wrong := differs(args[0], example, printed); wrong != "" {
		ts.Fatalf("%s", wrong)
	}
}

// differs says where a value is of another form than the example; null may stand
// for anything.
func differs(at string, example, printed any) string {
	if example == nil || printed == nil {
		return ""
	}
	switch e := example.(type) {
	case map[string]any:
		p, ok := printed.(map[string]any)
		if !ok {
			return at + " is no object"
		}
		for _, name := range slices.Sorted(keys(e, p)) {
			if _, documented := e[name]; !documented {
				return at + "." + name + " is not documented"
			}
			if _, there := p[name]; !there {
				return at + "." + name + " is documented and not there"
			}
			if wrong := differs(at+"."+name, e[name], p[name]); wrong != "" {
				return wrong
			}
		}
	case []any:
		p, ok := printed.([]any)
		if !ok {
			return at + " is no list"
		}
		for i, element := range p {
			if wrong := differs(fmt.Sprintf("%s[%d]", at, i), e[0], element); wrong != "" {
				return wrong
			}
		}
	default:
		if was, is := fmt.Sprintf("%T", example), fmt.Sprintf("%T", printed); was != is {
			return strings.Join([]string{at, "is a", is, "and documented as a", was}, " ")
		}
	}
	return ""
}

func keys(maps ...map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, m := range maps {
			for name := range m {
				if !seen[name] && !yield(name) {
					return
				}
				seen[name] = true
			}
		}
	}
}
