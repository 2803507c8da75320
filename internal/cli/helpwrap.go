package cli

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	helpWidth = 80 // of the text of the help
	leastText = 24 // columns of a flag's description, however long the names of flags are
)

// wrapFlags breaks the descriptions of flags in the help of a command at helpWidth, and
// indents the rest of each. Package pflag can do it, but cobra then needs a template of
// its own, and text/template keeps the linker from removing unused methods: the program
// would be 13 MB larger.
func wrapFlags(help []byte) []byte {
	beforeDescription := regexp.MustCompile(`^ +(?:-\w, )?--[\w-]+(?: \S+)? {2,}`)
	var b bytes.Buffer
	for line := range strings.Lines(string(help)) {
		names := beforeDescription.FindString(line)
		if names == "" || utf8.RuneCountInString(line) <= helpWidth {
			b.WriteString(line)
			continue
		}
		b.WriteString(names)
		room := max(helpWidth-len(names), leastText)
		used := 0
		for word := range strings.FieldsSeq(line[len(names):]) {
			n := utf8.RuneCountInString(word)
			switch {
			case used == 0:
			case used+1+n > room:
				b.WriteString("\n" + strings.Repeat(" ", len(names)))
				used = 0
			default:
				b.WriteByte(' ')
				used++
			}
			b.WriteString(word)
			used += n
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
