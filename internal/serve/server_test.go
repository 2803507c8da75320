package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// TestDrainThatTimesOutLeavesNothingOpen has a request that does not end.
func TestDrainThatTimesOutLeavesNothingOpen(t *testing.T) {
	spans := make(chan struct{}, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { spans <- struct{}{} }))
	defer collector.Close()
	log := slog.New(slog.DiscardHandler)
	settings := Settings{Traces: TraceSettings{Endpoint: collector.URL}}.withDefaults()
	p, err := assemble(t.Context(), settings, log)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(settings, obo.Credential{}, p, log)
	_, span := p.tracer.Serve(t.Context(), http.Header{})
	span.End("route", http.StatusOK, "done")

	began := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	}))
	defer server.Close()
	ended := make(chan error)
	go func() {
		res, err := http.Get(server.URL)
		if err == nil {
			err = res.Body.Close()
		}
		ended <- err
	}()
	<-began
	timeOut, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.drain(timeOut, []*http.Server{server.Config}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the request got a response")
	}
	select {
	case <-spans:
	default:
		t.Error("the last traces are lost")
	}
}
