package cli

import (
	"regexp"
	"strings"

	"github.com/profilectl/profilectl/internal/wrap"
)

const (
	helpWidth = 80 // of the text of the help
	leastText = 24 // columns of a flag's description, however long the names of flags are
)

// wrapFlags breaks the descriptions of flags in the help of a command at helpWidth, and
// indents the rest of each. Package pflag can do it, but cobra then needs a template of
// its own, and text/template keeps the linker from removing unused methods: the program
// would be 13 MB larger.
func wrapFlags(help string) string {
	beforeDescription := regexp.MustCompile(`^ +(?:-\w, )?--[\w-]+(?: \S+)? {2,}`)
	lines := strings.Split(help, "\n")
	for i, line := range lines {
		if names := beforeDescription.FindString(line); names != "" {
			lines[i] = wrap.Hang(names, line[len(names):], max(helpWidth, len(names)+leastText))
		}
	}
	return strings.Join(lines, "\n")
}
