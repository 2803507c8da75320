// Package errorlog is the log of an http.Server without the addresses of its clients,
// which are personal data. The server writes lines such as "http: TLS handshake error
// from 192.0.2.1:59984: EOF".
package errorlog

import (
	"log"
	"log/slog"
	"net/netip"
	"strings"
)

// New returns a logger for http.Server.ErrorLog that passes its lines to a handler.
func New(h slog.Handler, level slog.Level) *log.Logger {
	next := slog.NewLogLogger(h, level)
	return log.New(redacting{next}, "", 0)
}

// redacting passes lines to a logger without addresses.
type redacting struct{ next *log.Logger }

// Write logs a line (io.Writer).
func (r redacting) Write(line []byte) (int, error) {
	const depth = 0 // the caller is not logged
	return len(line), r.next.Output(depth, Redact(strings.TrimRight(string(line), "\n")))
}

// Redact returns text with "[address]" for each IP address, with or without a port.
func Redact(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		ends := strings.Split(word, "->") // a connection is local->remote
		for j, end := range ends {
			bare := strings.TrimRight(end, ":,;.")
			if isAddress(strings.Trim(bare, `"()`)) {
				ends[j] = "[address]" + end[len(bare):]
			}
		}
		words[i] = strings.Join(ends, "->")
	}
	return strings.Join(words, " ")
}

// isAddress reports whether s is an IP address, with or without a port.
func isAddress(s string) bool {
	if _, err := netip.ParseAddrPort(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return err == nil
}
