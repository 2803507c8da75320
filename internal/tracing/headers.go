package tracing

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// parseHeaders parses the format of OTEL_EXPORTER_OTLP_HEADERS (OpenTelemetry
// specification, "Specifying headers via environment variables"). If some headers are
// malformed, it returns the others with an error.
func parseHeaders(text string) (http.Header, error) {
	headers := http.Header{}
	var malformed error
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || !isName(name) || strings.ContainsFunc(value, unicode.IsControl) {
			// The error does not contain the text, which may be a secret.
			malformed = errors.New("the headers must be name=value,name=value")
			continue
		}
		headers.Set(name, value)
	}
	return headers, malformed
}

// isName reports whether s is the name of a header (RFC 9110, 5.1).
func isName(s string) bool {
	unusual := func(r rune) bool {
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r) &&
			(r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return s != "" && !strings.ContainsFunc(s, unusual)
}
