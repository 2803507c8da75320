package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/nearest"
)

// Kind is the type of a field's value. A Change holds every value as text.
type Kind int

// The kinds of values, with their form in a Change.
const (
	Text    Kind = iota // any text
	Boolean             // true or false
	Integer             // 64 bits in decimal digits, as in 42 or -1
	Choice              // one of Field.Values
	Choices             // several of Field.Values in their order, separated by commas, as Entra stores them
)

// kindNames returns the names of the kinds in files, by Kind.
func kindNames() []string { return []string{"string", "boolean", "integer", "choice", "choices"} }

// String returns the name of the kind in files: string, boolean, integer, choice or
// choices.
func (k Kind) String() string {
	if names := kindNames(); k >= 0 && int(k) < len(names) {
		return names[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind returns the kind with a name, and false if there is none.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames(), name)
	return Kind(max(i, 0)), i >= 0
}

// checkBoolean is Check for a Boolean field.
func (f Field) checkBoolean(value string) (what, fix string) {
	if value != "true" && value != "false" {
		return "is neither true nor false", "write true or false"
	}
	return "", ""
}

// checkInteger is Check for an Integer field.
func (f Field) checkInteger(value string) (what, fix string) {
	n, ok := parseInteger(value)
	switch {
	case !ok:
		return "is not a whole number", "write it in digits, such as 42"
	case f.MinInt != nil && n < *f.MinInt:
		return fmt.Sprintf("is less than %d", *f.MinInt), f.rangeAdvice()
	case f.MaxInt != nil && n > *f.MaxInt:
		return fmt.Sprintf("is greater than %d", *f.MaxInt), f.rangeAdvice()
	}
	return "", ""
}

func (f Field) rangeAdvice() string {
	switch {
	case f.MinInt == nil:
		return fmt.Sprintf("use at most %d", *f.MaxInt)
	case f.MaxInt == nil:
		return fmt.Sprintf("use at least %d", *f.MinInt)
	}
	return fmt.Sprintf("use a number from %d to %d", *f.MinInt, *f.MaxInt)
}

// parseInteger reads an integer in the only form that a Change has for it: no plus sign,
// no leading zeros, no negative zero.
func parseInteger(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text
}

// checkChoices is Check for a Choice or Choices field.
func (f Field) checkChoices(value string) (what, fix string) {
	chosen := f.Split(value)
	for i, choice := range chosen {
		switch {
		case !f.offers(choice) && f.Kind == Choices:
			return "has a value that is not one of the choices", f.choiceAdvice(choice)
		case !f.offers(choice):
			return "is not one of the choices", f.choiceAdvice(choice)
		case slices.Contains(chosen[:i], choice):
			return "has a choice twice", "give each choice once"
		}
	}
	if f.Kind == Choices && utf16Len(value) > f.Max {
		return fmt.Sprintf("has %d characters; at most %d are allowed", utf16Len(value), f.Max), "choose fewer"
	}
	return "", ""
}

func (f Field) offers(choice string) bool {
	return slices.ContainsFunc(f.Values, func(v Value) bool { return v.Value == choice })
}

// choiceAdvice names the choice that is nearest to a text, or all of them.
func (f Field) choiceAdvice(choice string) string {
	const most = 20 // values in a message
	var values []string
	for _, v := range f.Values {
		values = append(values, v.Value)
	}
	if near := nearest.To(short(choice), values); near != "" {
		return "did you mean " + near + "?"
	}
	if len(values) > most {
		values = append(values[:most], fmt.Sprintf("or one of %d others", len(values)-most))
	}
	return "use one of " + strings.Join(values, ", ")
}

// Split returns the choices in the value of a Choices field. For other kinds it returns
// the value alone.
func (f Field) Split(value string) []string {
	if f.Kind != Choices {
		return []string{value}
	}
	return strings.Split(value, ",")
}

// Normalize returns a value in the form of a Change. A text becomes NFC, without surrounding
// blanks and with line feeds as line ends. A user may write yes and no for a boolean, and
// a choice by its label or in another case. A value that breaks a rule stays one.
func (f Field) Normalize(value string) string { return *f.clean(&value) }

// clean is Normalize for a value that may be missing.
func (f Field) clean(value *string) *string {
	if value == nil {
		return nil
	}
	text := cleanText(*value)
	switch f.Kind {
	case Boolean:
		text = cleanBoolean(text)
	case Choice:
		text = f.cleanChoice(text)
	case Choices:
		text = f.cleanChoices(text)
	}
	return &text
}

func cleanBoolean(text string) string {
	switch lower := strings.ToLower(text); lower {
	case "true", "yes":
		return "true"
	case "false", "no":
		return "false"
	}
	return text
}

// cleanChoice returns the choice that a text names, or the text.
func (f Field) cleanChoice(text string) string {
	if f.offers(text) {
		return text
	}
	found, count := text, 0
	for _, v := range f.Values {
		if strings.EqualFold(v.Value, text) || strings.EqualFold(v.Label, text) {
			found = v.Value
			count++
		}
	}
	if count != 1 { // two choices may differ by case only
		return text
	}
	return found
}

// cleanChoices puts the choices that a text names into the order of the field.
func (f Field) cleanChoices(text string) string {
	var chosen []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			chosen = append(chosen, f.cleanChoice(part))
		}
	}
	return f.join(chosen)
}

// join returns the value of a Choices field with these choices.
func (f Field) join(chosen []string) string {
	slices.SortStableFunc(chosen, func(a, b string) int { return f.position(a) - f.position(b) })
	return strings.Join(chosen, ",")
}

// position returns the place of a choice in the field. Others come last.
func (f Field) position(choice string) int {
	i := slices.IndexFunc(f.Values, func(v Value) bool { return v.Value == choice })
	if i < 0 {
		return len(f.Values)
	}
	return i
}
