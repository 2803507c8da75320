package challenge

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxClaims bounds what is taken from a foreign header; a real claims request
// has a few hundred bytes.
const maxClaims = 16 << 10

// Parse returns the challenge in an answer's WWW-Authenticate lines, or nil
// when there is none. It accepts what APIs in the field send: several lines,
// several challenges in one line, any case of the scheme, quoted or bare
// values, claims as standard or URL base64, padded or not, or as plain JSON.
//
// Microsoft's claims win over RFC 9470's acr_values, wherever they stand.
func Parse(h http.Header) *Challenge {
	var found *Challenge
	var contexts string
	for _, line := range h.Values("WWW-Authenticate") {
		for _, params := range bearers(line) {
			microsoft := params["error"] == "insufficient_claims" || params["error"] == "" && params["claims"] != ""
			if !microsoft && params["error"] != "insufficient_user_authentication" {
				continue
			}
			if found == nil {
				found = &Challenge{}
			}
			switch claims, ok := decode(params["claims"]); {
			case !microsoft:
				contexts = cmp.Or(contexts, params["acr_values"])
				found.MaxAge = max(found.MaxAge, seconds(params["max_age"]))
			case ok && found.Claims == "":
				found.Claims = claims
			}
		}
	}
	if found != nil && found.Claims == "" {
		// Entra does not honor acr_values on an authorize request, but claims.
		if values := strings.Fields(contexts); len(values) > 0 {
			found.Claims = ACRS(values[0]).Claims
		}
	}
	return found
}

// seconds reads max_age. An age of nothing, which no sign-in has, is one second.
func seconds(text string) time.Duration {
	const most = 366 * 24 * 60 * 60
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(max(n, 1), most)) * time.Second
}

// decode returns the claims request in value, which must be a JSON object.
func decode(value string) (string, bool) {
	if value == "" || len(value) > maxClaims {
		return "", false
	}
	if object(value) {
		return value, true
	}
	bare := strings.TrimRight(value, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(bare); err == nil && object(string(raw)) {
			return string(raw), true
		}
	}
	return "", false
}

func object(s string) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal([]byte(s), &m) == nil && m != nil
}

// bearers splits one header line into the parameters of each Bearer challenge
// in it (RFC 9110, 11.6.1). Parameter names are lower-cased; the first of two
// equal names wins.
func bearers(line string) []map[string]string {
	var found []map[string]string
	var current map[string]string
	rest := line
	for {
		rest = strings.TrimLeft(rest, ", \t")
		if rest == "" {
			return found
		}
		name, after := token(rest)
		if name == "" { // not a token: skip one character and go on
			rest = rest[1:]
			continue
		}
		value, remainder, isParam := paramValue(after)
		if !isParam { // a scheme
			current = nil
			if strings.EqualFold(name, "Bearer") {
				current = map[string]string{}
				found = append(found, current)
			}
			rest = after
			continue
		}
		if current != nil {
			if _, dup := current[strings.ToLower(name)]; !dup {
				current[strings.ToLower(name)] = value
			}
		}
		rest = remainder
	}
}

// token cuts an RFC 9110 token off s.
func token(s string) (name, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r) &&
			(r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// paramValue cuts "=value" off s. A quoted value may hold escaped characters;
// one that holds unescaped quotes (Microsoft.Identity.Web sends raw JSON so) is
// read up to the quote that a separator or the end follows.
func paramValue(s string) (value, rest string, ok bool) {
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
		if value, rest, ok := rawJSON(trimmed[1:]); ok {
			return value, rest, true
		}
	}
	var b strings.Builder
	for i := 1; i < len(trimmed); i++ {
		switch c := trimmed[i]; {
		case c == '\\' && i+1 < len(trimmed):
			i++
			b.WriteByte(trimmed[i])
		case c == '"':
			return b.String(), trimmed[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true // the closing quote is missing: take what is there
}

// rawJSON reads one JSON object whose quotes nobody escaped.
func rawJSON(s string) (value, rest string, ok bool) {
	d := json.NewDecoder(strings.NewReader(s))
	var raw json.RawMessage
	if d.Decode(&raw) != nil {
		return "", "", false
	}
	return string(raw), strings.TrimPrefix(s[d.InputOffset():], `"`), true
}
