package directory

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// builtInLimits are the attributes that sign-up pages can ask for in addition to the email
// address, the display name and custom attributes, with their maximum lengths
// (learn.microsoft.com, "User profile attributes" of external tenants, "user resource type").
func builtInLimits() map[string]int {
	return map[string]int{
		"city":          128,
		"country":       128,
		"givenName":     64,
		"jobTitle":      128,
		"postalCode":    40,
		"state":         128,
		"streetAddress": 1024,
		"surname":       64,
	}
}

// Question is an input with the attribute that it is for.
type Question struct {
	Input
	property string // exact name
	kind     string // type of the attribute
	limit    int    // maximum length of a text
}

// Questions returns what the sign-up page of an app asks for in addition to the email address,
// the password and the display name, which every page asks for.
func (s *State) Questions(appID string) (all []Question) {
	flow, ok := s.FlowOf(appID)
	if !ok {
		return nil
	}
	for _, in := range flow.Inputs() {
		q := Question{Input: in, property: in.Attribute, kind: StringType, limit: builtInLimits()[in.Attribute]}
		if a, custom := s.AttributeOf(in.Attribute); custom && s.IsUsable(a) {
			q.property, q.kind, q.limit = a.Property(), a.Type, MaxAttribute
		}
		if q.limit == 0 || in.Hidden {
			continue
		}
		if q.Label == "" {
			q.Label = q.property
		}
		all = append(all, q)
	}
	return all
}

// Property returns the name of the property that stores the answer.
func (q *Question) Property() string { return q.property }

// IsInteger reports whether the answer is a number.
func (q *Question) IsInteger() bool { return q.kind == IntegerType }

// Control returns how a page shows the question: as text, checkbox, radio or checkboxes.
func (q *Question) Control() string {
	switch {
	case q.kind == BooleanType:
		return "checkbox"
	case q.kind == IntegerType:
		return "text"
	case q.Type == RadioInput:
		return "radio"
	case q.Type == SeveralInput:
		return "checkboxes"
	}
	return "text"
}

// Answer returns what the directory stores for the values of the question's field in a form,
// or what is wrong with them, as a sentence for the user. Without an answer, stored is nil. A
// checkbox that is not ticked is false, and one that is required must be ticked; the latter is
// inferred. Several choices are stored separated by commas.
func (q *Question) Answer(values []string) (stored *string, problem string) {
	text := ""
	if len(values) > 0 {
		text = strings.TrimSpace(values[0])
	}
	switch q.Control() {
	case "checkbox":
		if q.Required && text == "" {
			return nil, "Select " + q.Label + "."
		}
		text = strconv.FormatBool(text != "")
	case "radio", "checkboxes":
		text, problem = q.choice(values)
	default:
		problem = q.problem(text)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && q.IsInteger() {
			text = strconv.FormatInt(n, 10) // without leading zeros
		}
	}
	if problem != "" || text == "" || !q.Write {
		return nil, problem
	}
	return &text, ""
}

// choice returns the chosen options, in the order of the page.
func (q *Question) choice(values []string) (text, problem string) {
	var chosen []string
	for _, o := range q.Options {
		if slices.Contains(values, o.Value) {
			chosen = append(chosen, o.Value)
		}
	}
	text = strings.Join(chosen, ",")
	switch {
	case len(chosen) != len(values) || q.Control() == "radio" && len(chosen) > 1:
		return "", "Choose from the options of " + q.Label + "."
	case len(chosen) == 0 && q.Required:
		return "", "Choose " + q.Label + "."
	case Length(text) > q.limit:
		return "", "Choose fewer options of " + q.Label + "."
	}
	return text, ""
}

// problem returns what is wrong with a text. The text of an optional question may be empty,
// whatever its expression is; that is inferred.
func (q *Question) problem(text string) string {
	_, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "" && q.Required:
		return "Enter " + q.Label + "."
	case text == "":
		return ""
	case q.IsInteger() && (err != nil || q.Pattern == "" && !q.matches(text)):
		return q.Label + " must be a whole number."
	case Length(text) > q.limit:
		return q.Label + " must have at most " + strconv.Itoa(q.limit) + " characters."
	case !q.matches(text):
		return q.Label + " does not have the required format."
	}
	return ""
}

// digits is the default expression of an integer (learn.microsoft.com,
// "authenticationAttributeCollectionInputConfiguration resource type").
const digits = "^[0-9]+$"

// matches reports whether a text matches the expression of the question. As in JavaScript and
// .NET, characters are UTF-16 code units, and a part of the text is enough if the expression has
// no anchors; which of the two evaluates it in Entra is not documented. An expression that RE2
// does not support, such as one with a lookahead, matches everything.
func (q *Question) matches(text string) bool {
	pattern := q.Pattern
	if pattern == "" && q.IsInteger() {
		pattern = digits
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return true
	}
	var units []rune
	for _, unit := range utf16.Encode([]rune(text)) {
		units = append(units, rune(unit))
	}
	return expression.MatchString(string(units))
}
