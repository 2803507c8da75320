package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/huh"
)

// Option is one value that a field of a form offers.
type Option struct {
	Value string
	Label string // unique in the field
}

// noValue is the label of the option that removes the value of a field.
const noValue = "(none)"

// maxOptions is the number of options that are visible at once; others scroll.
const maxOptions = 6

// Pages distributes fields to pages, so that a terminal with 24 lines shows the whole page.
// A field with many options may have a page of its own.
func Pages(fields []Field) [][]Field {
	const room = 15
	var pages [][]Field
	used := room
	for _, f := range fields {
		if used += f.lines(); used > room {
			pages = append(pages, nil)
			used = f.lines()
		}
		last := len(pages) - 1
		pages[last] = append(pages[last], f)
	}
	return pages
}

// lines returns the height of the field with the line below it.
func (f Field) lines() int {
	const text, confirm = 3, 4
	switch {
	case len(f.Options) == 0:
		return text
	case f.yesOrNo():
		return confirm
	}
	return 2 + min(len(f.offered()), maxOptions)
}

// yesOrNo reports whether the field has two options, one of which is always chosen.
func (f Field) yesOrNo() bool {
	return len(f.Options) == 2 && len(f.offered()) == 2 && !f.Several
}

// offered returns the options with those that the initial value needs, so that a user who
// passes the field does not change it: the absence of a value, and values of others.
func (f Field) offered() []Option {
	options := slices.Clone(f.Options)
	for _, value := range f.chosen(f.Value) {
		if !slices.ContainsFunc(options, func(o Option) bool { return o.Value == value }) {
			options = append(options, Option{Value: value, Label: value})
		}
	}
	if !f.Several && (f.Clearable || f.Value == "") {
		options = append([]Option{{Label: noValue}}, options...)
	}
	return options
}

// chosen returns the options in a value.
func (f Field) chosen(value string) []string {
	switch {
	case value == "":
		return nil
	case f.Several:
		return strings.Split(value, ",")
	}
	return []string{value}
}

// choice returns the field of the form in which the user chooses the value of a.
func (f Field) choice(a *answer) huh.Field {
	if f.yesOrNo() {
		yes, no := f.Options[0], f.Options[1]
		return huh.NewConfirm().Title(f.Label).Affirmative(yes.Label).Negative(no.Label).
			Accessor(yesOrNo{a, yes.Value, no.Value})
	}
	var options []huh.Option[string]
	for _, o := range f.offered() {
		options = append(options, huh.NewOption(o.Label, o.Value))
	}
	height, title := 0, f.Label // as many lines as options
	if len(options) > maxOptions {
		height = maxOptions + 1 // with the title
		title = fmt.Sprintf("%s (%d choices, ↓ for more)", f.Label, len(options))
	}
	if !f.Several {
		return huh.NewSelect[string]().Title(title).Options(options...).Accessor(a).Height(height)
	}
	list := huh.NewMultiSelect[string]().Title(title).Filterable(false).
		Options(options...).Accessor(several{a}).Height(height)
	if f.Check == nil {
		return list
	}
	return list.Validate(func(values []string) error { return f.Check(strings.Join(values, ",")) })
}

// yesOrNo is an answer with two values.
type yesOrNo struct {
	*answer
	yes, no string
}

var _ huh.Accessor[bool] = yesOrNo{}

// Get reports whether the answer is yes, for huh.
func (y yesOrNo) Get() bool { return y.text == y.yes }

// Set stores yes or no, for huh.
func (y yesOrNo) Set(yes bool) {
	y.answer.Set(y.no)
	if yes {
		y.answer.Set(y.yes)
	}
}

// several is an answer with values that commas separate.
type several struct{ *answer }

var _ huh.Accessor[[]string] = several{}

// Get returns the values, for huh.
func (s several) Get() []string { return Field{Several: true}.chosen(s.text) }

// Set stores the values, for huh.
func (s several) Set(values []string) { s.answer.Set(strings.Join(values, ",")) }

// question returns the options as part of a question in plain lines.
func (f Field) question() string {
	var b strings.Builder
	for i, o := range f.Options {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", i+1, o.Label)
	}
	if f.Several {
		b.WriteString("; several with commas")
	}
	return b.String()
}

// shown returns a value with the labels of its options.
func (f Field) shown(value string) string {
	if len(f.Options) == 0 {
		return value
	}
	var labels []string
	for _, v := range f.chosen(value) {
		label := v
		for _, o := range f.Options {
			if o.Value == v {
				label = o.Label
			}
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, ", ")
}

// choose returns the value of an answer in plain lines: the labels or the numbers of
// options.
func (f Field) choose(text string) (string, error) {
	parts := []string{text}
	if f.Several {
		parts = strings.Split(text, ",")
	}
	var values []string
	for _, part := range parts {
		value, ok := f.option(strings.TrimSpace(part))
		if !ok {
			return "", fmt.Errorf("%s needs the number of an option", f.Label)
		}
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return strings.Join(values, ","), nil
}

// option returns the value of the option with a label or a number.
func (f Field) option(text string) (string, bool) {
	for _, o := range f.Options {
		if strings.EqualFold(o.Label, text) || o.Value == text {
			return o.Value, true
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(f.Options) {
		return "", false
	}
	return f.Options[n-1].Value, true
}
