package obo

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// decode returns the content of a file without a UTF-8 byte-order mark. It returns an
// error if the file is UTF-16, as Windows PowerShell writes it by default.
func decode(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		return nil, errors.New("it is encoded in UTF-16; save it as UTF-8")
	}
	return bytes.TrimPrefix(raw, []byte("\ufeff")), nil
}

// trimSecret returns a secret without line ends at its end, and without a UTF-8
// byte-order mark. It logs a warning if the secret is in quotes or begins or ends with
// a space, which are more often an accident than a part of the secret.
func trimSecret(secret string, log *slog.Logger) string {
	secret = strings.TrimRight(strings.TrimPrefix(secret, "\ufeff"), "\r\n")
	const fix = "remove them unless they are part of the secret"
	if bare := strings.TrimSpace(secret); bare != secret {
		log.Warn("the client secret begins or ends with spaces, which are used as part of it", "fix", fix)
	}
	for _, quote := range []string{`"`, "'", "`"} {
		if len(secret) > 1 && strings.HasPrefix(secret, quote) && strings.HasSuffix(secret, quote) {
			what := fmt.Sprintf("the client secret is in quotes (%s), which are used as part of it", quote)
			log.Warn(what, "fix", fix)
		}
	}
	return secret
}
