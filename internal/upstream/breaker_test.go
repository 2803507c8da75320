package upstream

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// transportFunc is a transport.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestBreakersIgnoreCallersWhoDisconnect shows that they neither open the circuit of a
// healthy host, nor keep it open when one of them sends the request that tests the host.
func TestBreakersIgnoreCallersWhoDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const host = "graph.example"
		breakers := NewBreakers(slog.New(slog.DiscardHandler))
		status := http.StatusNoContent
		slow := transportFunc(func(r *http.Request) (*http.Response, error) {
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(time.Second):
			}
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
		})
		client := &http.Client{Transport: &guarded{next: slow, breakers: breakers}}
		send := func(ctx context.Context) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := client.Do(req); err == nil {
				_ = res.Body.Close()
			}
		}
		disconnect := func() {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			send(ctx)
		}
		for range 50 {
			disconnect()
		}
		if breakers.IsOpen(host) {
			t.Error("callers who disconnected opened the circuit")
		}
		status = http.StatusInternalServerError
		for range 20 {
			send(t.Context())
		}
		if !breakers.IsOpen(host) {
			t.Error("failures did not open the circuit")
		}
		status = http.StatusNoContent
		time.Sleep(6 * time.Second)
		disconnect()
		send(t.Context())
		if open := breakers.Open(); len(open) > 0 {
			t.Errorf("the circuit of %v stays open", open)
		}
	})
}
