package serve

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/obo"
)

// TestHTTPServerAllowsTimeToWriteAfterALongRequest checks that a response is not
// cut off although the request used the whole timeout.
func TestHTTPServerAllowsTimeToWriteAfterALongRequest(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, timeout := range []time.Duration{time.Second, 15 * time.Second, time.Minute} {
		settings := Settings{Timeout: timeout}.withDefaults()
		p, err := assemble(t.Context(), settings, log)
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(settings, obo.Credential{}, p, log)
		server := s.httpServer(http.NotFoundHandler())
		if least := server.ReadTimeout + timeout; server.WriteTimeout <= least {
			t.Errorf("timeout %v: the write timeout %v is not longer than %v", timeout, server.WriteTimeout, least)
		}
	}
}
