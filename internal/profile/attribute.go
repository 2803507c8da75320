package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
)

// Limits of a custom attribute. Graph stores at most 250 characters (learn.microsoft.com,
// "Service limits" of external tenants); the others are this project's.
const (
	maxAttribute = 250 // UTF-16 code units of a value
	maxName      = 64  // characters of a name without its prefix
	maxLabel     = 100 // UTF-16 code units
	maxValues    = 100 // choices
)

// IsCustom reports whether name is Graph's name of a custom attribute.
func IsCustom(name string) bool { return shortName(name) != "" }

// Short returns the name of a property that users see in tables and drafts: Graph's name,
// or that of a custom attribute without its prefix.
func Short(name string) string { return cmp.Or(shortName(name), name) }

// shortName returns the name of a custom attribute without its prefix, or an empty string
// if name is not that of an attribute. The prefix has the id of the app that owns the
// definition, without dashes.
func shortName(name string) string {
	const (
		idLength = 32
		letters  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		digits   = "0123456789"
		hex      = digits + "abcdefABCDEF"
	)
	rest, ok := strings.CutPrefix(name, "extension_")
	if !ok || len(rest) <= idLength+1 || rest[idLength] != '_' {
		return ""
	}
	id, own := rest[:idLength], rest[idLength+1:]
	if !only(id, hex) || !only(own[:1], letters) || !only(own, letters+digits+"_") || len(own) > maxName {
		return ""
	}
	return own
}

// only reports whether a text consists of the given ASCII characters.
func only(text, characters string) bool {
	for i := range len(text) {
		if strings.IndexByte(characters, text[i]) < 0 {
			return false
		}
	}
	return true
}

// hyphenated returns a name such as LoyaltyNumber in the form of a flag, loyalty-number.
func hyphenated(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if r == '_' {
			b.WriteByte('-')
			continue
		}
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			afterLower := !unicode.IsUpper(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || beforeLower {
				b.WriteByte('-')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// checkAttribute returns an Invalid fault if the attribute cannot be added to the schema.
func (s Schema) checkAttribute(f Field) error {
	what, fix := f.definitionProblem()
	if what == "" {
		what, fix = s.collision(f)
	}
	if what == "" {
		return nil
	}
	return &fault.Error{
		Kind: fault.Invalid,
		What: fmt.Sprintf("the attribute %q %s", short(f.Name), what),
		Fix:  fix,
	}
}

// collision returns what is wrong if the schema has no room for the attribute, or if a
// name on the command line would mean two properties.
func (s Schema) collision(f Field) (what, fix string) {
	const renamed = "leave it out, or rename the attribute in the tenant"
	custom := 0
	for _, other := range s.fields {
		if other.Custom() {
			custom++
		}
		switch {
		case other.Name == f.Name:
			return "is listed twice", "list it once"
		case slices.ContainsFunc(f.spellings(), other.named):
			return "has the same short name as " + other.Name, renamed
		}
	}
	if slices.ContainsFunc(ReadOnly(), func(name string) bool { return equalASCII(name, f.Short()) }) {
		return "has the short name of another property", renamed
	}
	if custom >= MaxAttributes {
		return fmt.Sprintf("is one too many; at most %d are allowed", MaxAttributes), "leave some out"
	}
	return "", ""
}

// definitionProblem returns what is wrong with the definition of an attribute and how to
// fix it, or two empty strings.
func (f Field) definitionProblem() (what, fix string) {
	hasValues := f.Kind == Choice || f.Kind == Choices
	switch {
	case !IsCustom(f.Name):
		return "has no valid name", "use Graph's name, such as extension_<32 hexadecimal digits>_LoyaltyNumber"
	case f.Max < 1 || f.Max > maxAttribute:
		return fmt.Sprintf("has a length limit outside 1 to %d", maxAttribute), "change the limit"
	case f.MinInt != nil && f.MaxInt != nil && *f.MinInt > *f.MaxInt:
		return "has a minimum above its maximum", "swap them"
	case f.Kind != Integer && (f.MinInt != nil || f.MaxInt != nil):
		return "has a minimum or maximum, but is no integer", "remove it"
	case hasValues != (len(f.Values) > 0):
		return "needs values if and only if it is a choice", "list the values of a choice, and no others"
	case len(f.Values) > maxValues:
		return fmt.Sprintf("has more than %d values", maxValues), "leave some out"
	}
	if what := labelProblem(f.Label); what != "" {
		return "has a label that " + what, "write a label of visible characters"
	}
	return f.valuesProblem()
}

func (f Field) valuesProblem() (what, fix string) {
	seen, labels := map[string]bool{}, map[string]bool{}
	for _, v := range f.Values {
		text := Field{Name: f.Name, Max: f.Max}
		switch problem, _ := text.Check(v.Value); {
		case problem != "":
			return "has a value that " + problem, "change the value"
		case v.Value != *text.clean(&v.Value):
			return "has a value that is not in NFC or has surrounding blanks", "change the value"
		case f.Kind == Choices && strings.Contains(v.Value, ","):
			return "has a value with a comma, which separates several choices", "use type choice, or other values"
		case seen[v.Value], labels[v.Label]:
			return "has a value or the label of a value twice", "list each value and label once"
		}
		seen[v.Value], labels[v.Label] = true, true
		if what := labelProblem(v.Label); what != "" {
			return "has a value with a label that " + what, "write a label of visible characters"
		}
	}
	return "", ""
}

// labelProblem returns what is wrong with a label, or an empty string.
func labelProblem(label string) string {
	switch {
	case !utf8.ValidString(label), strings.ContainsRune(label, utf8.RuneError):
		return "is not valid Unicode text"
	case !visible(label):
		return "shows no visible character"
	case utf16Len(label) > maxLabel:
		return fmt.Sprintf("has more than %d characters", maxLabel)
	case deceptive(label):
		return "contains a control or text-direction character"
	}
	return ""
}
