package terminal

import "strings"

// splitWords splits text at its blanks. Quotes, and a backslash before a blank or a
// quote, keep blanks in a word. Other backslashes are left alone, because they separate
// the parts of Windows paths.
func splitWords(text string) []string {
	var words []string
	var word strings.Builder
	var quote rune // 0 outside of quotes
	begun, escaped := false, false
	for i, r := range text {
		switch {
		case escaped, quote != 0 && r != quote:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && strings.IndexAny(text[i+1:], ` "'`) == 0:
			begun, escaped = true, true
		case r == quote:
			quote = 0
		case r == '"' || r == '\'':
			begun, quote = true, r
		case r == ' ' || r == '\t':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
