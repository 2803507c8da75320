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

// maxClaims limits the size in bytes of a claims request; a real one has a few
// hundred.
const maxClaims = 16 << 10

// Parse returns the challenge in the WWW-Authenticate lines of a response, or nil
// if there is none. It accepts what APIs really send: several lines, several
// challenges in one line, any case of the scheme, quoted or bare values, claims as
// standard or URL base64, padded or not, or as plain JSON.
//
// Microsoft's claims take precedence over RFC 9470's acr_values, whatever their
// order.
//
// Gateways rename the header, such as AWS API Gateway to
// x-amzn-remapped-www-authenticate. Parse reads a renamed header if there is no other.
func Parse(h http.Header) *Challenge {
	var found *Challenge
	var contexts string
	for _, line := range lines(h) {
		for _, params := range bearerParams(line) {
			microsoft, standard := formatOf(params)
			if !microsoft && !standard {
				continue
			}
			if found == nil {
				found = &Challenge{}
			}
			if microsoft {
				found.Claims = cmp.Or(found.Claims, decodeClaims(params["claims"]))
			} else {
				contexts = cmp.Or(contexts, params["acr_values"])
				found.MaxAge = max(found.MaxAge, parseAge(params["max_age"]))
			}
		}
	}
	if found != nil && found.Claims == "" {
		// Entra ignores acr_values in an authorize request, but accepts claims.
		if values := strings.Fields(contexts); len(values) > 0 {
			found.Claims = ACRS(values[0]).Claims
		}
	}
	return found
}

// lines returns the WWW-Authenticate lines of a response, also if a gateway has put
// a prefix before the name.
func lines(h http.Header) []string {
	const name = "Www-Authenticate"
	if own := h.Values(name); len(own) > 0 {
		return own
	}
	var renamed []string
	for key, values := range h {
		if strings.HasSuffix(key, "-"+name) {
			renamed = append(renamed, values...)
		}
	}
	return renamed
}

// Arrived reports whether a response has a WWW-Authenticate header, also if a gateway
// has renamed it. Every 401 must have one (RFC 9110, 15.5.2).
func Arrived(h http.Header) bool { return len(lines(h)) > 0 }

// FromClaims returns the challenge of a claims request and a maximum age in seconds,
// as they are in a problem document, or nil if neither is valid.
func FromClaims(claims string, maxAge int) *Challenge {
	claims = decodeClaims(claims)
	if claims == "" && maxAge <= 0 {
		return nil
	}
	ch := &Challenge{Claims: claims}
	if maxAge > 0 {
		ch.MaxAge = parseAge(strconv.Itoa(maxAge))
	}
	if claims == noClaims {
		ch.Claims = ""
	}
	return ch
}

// noClaims is a claims request without claims.
const noClaims = "{}"

// Request returns the claims request for a problem document; it is never empty.
func (c *Challenge) Request() string { return cmp.Or(c.Claims, noClaims) }

// formatOf reports whether the parameters are a challenge in Microsoft's format or
// in that of RFC 9470. Microsoft.Identity.Web sends claims without an error.
func formatOf(params map[string]string) (microsoft, standard bool) {
	switch params["error"] {
	case "insufficient_claims":
		return true, false
	case "insufficient_user_authentication":
		return false, true
	case "":
		return params["claims"] != "", false
	default:
		return false, false
	}
}

// parseAge returns the value of max_age, or 0 if it is not valid. An age of 0
// seconds, which no sign-in can satisfy, becomes one second.
func parseAge(text string) time.Duration {
	const most = 366 * 24 * 60 * 60
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(max(n, 1), most)) * time.Second
}

// decodeClaims returns the claims request in value, or an empty string if value is
// not a JSON object, plain or in base64.
func decodeClaims(value string) string {
	if len(value) > maxClaims {
		return ""
	}
	if isObject(value) {
		return value
	}
	bare := strings.TrimRight(value, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(bare); err == nil && isObject(string(raw)) {
			return string(raw)
		}
	}
	return ""
}

// isObject reports whether s is a JSON object.
func isObject(s string) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal([]byte(s), &m) == nil && m != nil
}
