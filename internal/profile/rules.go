package profile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Check returns what is wrong with a value for the field and how to fix it, or two
// empty strings. It never repeats the value, which may be personal.
func (f Field) Check(value string) (what, fix string) {
	const typed = "retype it as plain text"
	switch f.Kind {
	case Boolean:
		return f.checkBoolean(value)
	case Integer:
		return f.checkInteger(value)
	case Text, Choice, Choices:
	}
	switch {
	case !utf8.ValidString(value), strings.ContainsRune(value, utf8.RuneError):
		return "is not valid Unicode text", "save the text as UTF-8 and retype the broken characters"
	case strings.TrimSpace(value) == "":
		if f.Keep {
			return "is empty", "give " + f.Short() + " a value"
		}
		return "is empty", "give " + f.Name + " a value, or unset it with null"
	case f.Kind != Text:
		return f.checkChoices(value)
	case !visible(value):
		return "shows no visible character", typed
	case utf16Len(value) > f.Max:
		return fmt.Sprintf("has %d characters; at most %d are allowed", utf16Len(value), f.Max), "shorten it"
	case deceptive(value):
		return "contains a control or text-direction character", typed
	case f.Language && !languageTag(value):
		return "is not a language tag", "write it as en-US or de"
	}
	return "", ""
}

// utf16Len returns the length in UTF-16 code units.
func utf16Len(value string) int {
	units := 0
	for _, r := range value {
		units += utf16.RuneLen(r)
	}
	return units
}

// languageTag reports whether value has the form that Graph requires for
// preferredLanguage: ISO 639-1 with an optional region. Longer BCP 47 tags occur
// and are allowed.
func languageTag(value string) bool {
	const shortest, longest, longestPart = 2, 3, 8
	for i, part := range strings.Split(value, "-") {
		if len(part) < shortest || len(part) > longestPart || i == 0 && len(part) > longest {
			return false
		}
		for _, r := range part {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
			digit := i > 0 && r >= '0' && r <= '9'
			if !letter && !digit {
				return false
			}
		}
	}
	return true
}

// visible reports whether a text contains a letter, a digit, a punctuation mark or a
// symbol that Unicode does not define as invisible.
func visible(value string) bool {
	const brailleBlank = '\u2800'
	return strings.ContainsFunc(value, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) &&
			!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && r != brailleBlank
	})
}

// deceptive reports whether a text contains characters that have no place in a name
// or an address and can deceive its readers: control characters, line separators,
// bidirectional overrides and isolates, and invisible tag characters. Tags are
// allowed in the flags of subdivisions such as Wales. Zero-width joiners are
// allowed, because scripts and emoji need them.
func deceptive(value string) bool {
	inFlag, tags := false, 0 // after a black flag; tags since then
	for _, r := range value {
		tag := r >= firstTag && r <= endTag
		switch {
		case unicode.IsControl(r),
			r == '\u2028', r == '\u2029', r == '\ufeff',
			r >= '\u202a' && r <= '\u202e',
			r >= '\u2066' && r <= '\u2069',
			tag && !inFlag,
			!tag && tags > 0: // the tags have no end
			return true
		case r == endTag:
			inFlag, tags = false, 0
		case tag:
			tags++
		default:
			inFlag = r == blackFlag
		}
	}
	return tags > 0
}

// The characters of an emoji tag sequence: a black flag, tags that spell the
// subdivision, and an end tag (Unicode Technical Standard 51, ED-14a).
const (
	blackFlag = '\U0001F3F4'
	firstTag  = '\U000E0000'
	endTag    = '\U000E007F'
)
