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

// Template returns the draft that a user starts from: every field that they can change
// with its current value and its rule, below a comment that names the account.
func Template(schema profile.Schema, account string, current map[string]*string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The profile of %s. Change values, save, and close the editor.\n", comment(account))
	b.WriteString("# To clear a field, delete its value. A deleted line leaves the field as it is.\n" +
		"# Closing without a change sends nothing.\n\n")
	for _, f := range schema.Fields() {
		if !f.ReadOnly {
			b.WriteString(withRule(f.Short()+":"+scalar(f, current[f.Name]), rule(f)) + "\n")
		}
	}
	return b.Bytes()
}

// Explain returns a draft with its errors in comments above it, which replace those of an
// earlier Explain. The line numbers in the errors become those of the new text.
func Explain(data []byte, broken error) []byte {
	f := fault.As(broken)
	messages := append(strings.Split(f.What, "; "), strings.Split(f.Fix, "; ")...)
	before := 0
	rest := string(data)
	for strings.HasPrefix(rest, mark) {
		_, rest, _ = strings.Cut(rest, "\n")
		before++
	}
	var b bytes.Buffer
	for _, message := range messages {
		b.WriteString(mark + comment(shift(message, len(messages)-before)) + "\n")
	}
	b.WriteString(rest)
	return b.Bytes()
}

// shift adds to the line number at the start of a message, if there is one.
func shift(message string, by int) string {
	number, rest, ok := strings.Cut(strings.TrimPrefix(message, "line "), ": ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || !strings.HasPrefix(message, "line ") {
		return message
	}
	return fmt.Sprintf("line %d: %s", n+by, rest)
}

// mark begins the lines that Explain writes.
const mark = "#! "

// scalar returns a value as YAML on one line.
func scalar(f profile.Field, value *string) string {
	if value == nil {
		return ""
	}
	if what, _ := f.Check(*value); what == "" && (f.Kind == profile.Boolean || f.Kind == profile.Integer) {
		return " " + *value
	}
	node := &yaml.Node{}
	node.SetString(*value)
	if strings.ContainsAny(*value, "\r\n") {
		node.Style = yaml.DoubleQuotedStyle
	}
	text, err := yaml.Marshal(node)
	if err != nil { // a string can always be marshaled
		return ""
	}
	return " " + strings.TrimSuffix(string(text), "\n")
}

// withRule appends the rule to the field, at a fixed column if there is room.
func withRule(field, rule string) string {
	const column = 40
	return field + strings.Repeat(" ", max(2, column-len([]rune(field)))) + "# " + rule
}

// rule describes the rule of a field.
func rule(f profile.Field) string {
	text := fmt.Sprintf("at most %d characters", f.Max)
	switch f.Kind {
	case profile.Boolean:
		text = "true or false"
	case profile.Integer:
		text = "a whole number" + limits(f)
	case profile.Choice:
		text = "one of " + values(f)
	case profile.Choices:
		text = "any of " + values(f)
	case profile.Text:
	}
	switch {
	case f.Language:
		text = "a language tag such as en-US"
	case f.Keep:
		text += ", must have a value"
	}
	return text
}

// limits describes the limits of an integer.
func limits(f profile.Field) string {
	switch {
	case f.MinInt != nil && f.MaxInt != nil:
		return fmt.Sprintf(" from %d to %d", *f.MinInt, *f.MaxInt)
	case f.MinInt != nil:
		return fmt.Sprintf(", at least %d", *f.MinInt)
	case f.MaxInt != nil:
		return fmt.Sprintf(", at most %d", *f.MaxInt)
	}
	return ""
}

// values lists the choices of a field.
func values(f profile.Field) string {
	var names []string
	for _, v := range f.Values {
		names = append(names, comment(v.Value))
	}
	return strings.Join(names, ", ")
}

// comment replaces the characters that would end a comment.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\u007f' {
			return ' '
		}
		return r
	}, s)
}
