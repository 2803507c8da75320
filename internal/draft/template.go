package draft

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// Template returns the draft that a person starts from: every field with its
// current value and its rule beside it. Who is the account, for the head.
func Template(who string, current map[string]*string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The profile of %s. Change values, save and close the editor.\n", comment(who))
	b.WriteString("# No value clears a field; a line that is deleted leaves it as it is.\n# Closing without a change sends nothing.\n\n")
	for _, f := range profile.Fields() {
		b.WriteString(beside(f.Name+":"+scalar(current[f.Name]), rule(f)) + "\n")
	}
	return b.Bytes()
}

// Explain puts what is wrong with a draft above it, in the place of what an
// earlier Explain put there. The lines that it names are those of the new text.
func Explain(data []byte, wrong error) []byte {
	f := fault.As(wrong)
	told := append(strings.Split(f.What, "; "), strings.Split(f.Fix, "; ")...)
	before := 0
	rest := string(data)
	for strings.HasPrefix(rest, mark) {
		_, rest, _ = strings.Cut(rest, "\n")
		before++
	}
	var b bytes.Buffer
	for _, line := range told {
		b.WriteString(mark + comment(shift(line, len(told)-before)) + "\n")
	}
	b.WriteString(rest)
	return b.Bytes()
}

// shift adds to the number of the line that a complaint begins with.
func shift(complaint string, by int) string {
	number, rest, ok := strings.Cut(strings.TrimPrefix(complaint, "line "), ": ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || !strings.HasPrefix(complaint, "line ") {
		return complaint
	}
	return fmt.Sprintf("line %d: %s", n+by, rest)
}

// mark begins the lines that Explain writes.
const mark = "#! "

// scalar writes a value as YAML does, on one line.
func scalar(value *string) string {
	if value == nil {
		return ""
	}
	node := &yaml.Node{}
	node.SetString(*value)
	if strings.ContainsAny(*value, "\r\n") {
		node.Style = yaml.DoubleQuotedStyle
	}
	text, err := yaml.Marshal(node)
	if err != nil { // a string always has a form
		return ""
	}
	return " " + strings.TrimSuffix(string(text), "\n")
}

// beside puts the rule behind the field, in a column where there is room.
func beside(field, rule string) string {
	const column = 40
	return field + strings.Repeat(" ", max(2, column-len([]rune(field)))) + "# " + rule
}

// rule is what a value has to keep to.
func rule(f profile.Field) string {
	text := fmt.Sprintf("at most %d characters", f.Max)
	switch {
	case f.Language:
		text = "a language tag, as en-US"
	case f.Keep:
		text += ", must have a value"
	}
	return text
}

// comment keeps a text on its line.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\u007f' {
			return ' '
		}
		return r
	}, s)
}
