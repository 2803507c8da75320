package challenge

import (
	"encoding/json"
	"strings"
)

// bearerParams returns the parameters of each Bearer challenge in a header line
// (RFC 9110, 11.6.1). Their names are in lower case. If a name is repeated, the
// first value counts.
func bearerParams(line string) []map[string]string {
	var found []map[string]string
	var current map[string]string // nil within other schemes
	rest := line
	for {
		rest = strings.TrimLeft(rest, ", \t")
		if rest == "" {
			return found
		}
		name, after := cutToken(rest)
		if name == "" { // not a token: skip one character
			rest = rest[1:]
			continue
		}
		value, remainder, isParam := cutValue(after)
		if !isParam { // so the name is a scheme
			current = nil
			if strings.EqualFold(name, "Bearer") {
				current = map[string]string{}
				found = append(found, current)
			}
			rest = after
			continue
		}
		name = strings.ToLower(name)
		if _, repeated := current[name]; current != nil && !repeated {
			current[name] = value
		}
		rest = remainder
	}
}

// cutToken returns the RFC 9110 token that s starts with, and the rest.
func cutToken(s string) (token, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r) &&
			(r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// cutValue returns the value if s starts with "=value", and the rest. A quoted
// value may contain escaped characters, or JSON whose quotes are not escaped, as
// Microsoft.Identity.Web sends it.
func cutValue(s string) (value, rest string, ok bool) {
	trimmed := strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(trimmed, "=") {
		return "", s, false
	}
	trimmed = strings.TrimLeft(trimmed[1:], " \t")
	if !strings.HasPrefix(trimmed, `"`) {
		end := strings.IndexAny(trimmed, ", \t")
		if end < 0 {
			end = len(trimmed)
		}
		return trimmed[:end], trimmed[end:], true
	}
	if strings.HasPrefix(trimmed, `"{`) {
		if value, rest, ok := cutJSON(trimmed[1:]); ok {
			return value, rest, true
		}
	}
	value, rest = cutQuoted(trimmed[1:])
	return value, rest, true
}

// cutQuoted returns the text up to the next quote, without its escapes, and the
// rest. If there is no closing quote, all of s is the text.
func cutQuoted(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// cutJSON returns the JSON object that s starts with, and what follows its closing
// quote.
func cutJSON(s string) (object, rest string, ok bool) {
	d := json.NewDecoder(strings.NewReader(s))
	var raw json.RawMessage
	if d.Decode(&raw) != nil {
		return "", "", false
	}
	return string(raw), strings.TrimPrefix(s[d.InputOffset():], `"`), true
}
