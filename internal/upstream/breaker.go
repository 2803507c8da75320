package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// maxFailures is the number of consecutive failures that opens the circuit of a
	// host. Further requests would only wait for their timeout.
	maxFailures = 20
	// openFor is how long a circuit stays open before a request tests the host.
	openFor = 5 * time.Second
)

// Breakers hold one circuit breaker for each host. While the circuit of a host is
// open, requests to it fail at once; it closes when a test request succeeds. They
// are safe for concurrent use.
type Breakers struct {
	log   *slog.Logger
	mu    sync.Mutex
	hosts map[string]*gobreaker.TwoStepCircuitBreaker[any]
}

// NewBreakers returns Breakers that log when a host's circuit opens or closes.
func NewBreakers(log *slog.Logger) *Breakers {
	return &Breakers{log: log, hosts: map[string]*gobreaker.TwoStepCircuitBreaker[any]{}}
}

// Open returns the hosts whose circuit is open, sorted. A circuit that is half-open
// counts as open: no request has succeeded yet.
func (b *Breakers) Open() []string {
	open := b.Hosts()
	return slices.DeleteFunc(open, func(host string) bool {
		return b.of(host).State() == gobreaker.StateClosed
	})
}

// Hosts returns the hosts to which requests were sent, sorted.
func (b *Breakers) Hosts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.hosts))
}

// IsOpen reports whether the circuit of a host is open.
func (b *Breakers) IsOpen(host string) bool {
	b.mu.Lock()
	breaker := b.hosts[host]
	b.mu.Unlock()
	return breaker != nil && breaker.State() == gobreaker.StateOpen
}

// of returns the breaker of a host.
func (b *Breakers) of(host string) *gobreaker.TwoStepCircuitBreaker[any] {
	b.mu.Lock()
	defer b.mu.Unlock()
	breaker, ok := b.hosts[host]
	if !ok {
		breaker = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
			Name:        host,
			Timeout:     openFor,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= maxFailures },
			IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // by the caller
			// Half-open states, of which an outage has many, are not logged.
			OnStateChange: func(host string, from, to gobreaker.State) {
				switch {
				case from == gobreaker.StateClosed:
					b.log.Error("the circuit of a host opened: its requests fail at once", "host", host)
				case to == gobreaker.StateClosed:
					b.log.Info("the circuit of a host closed: it answers again", "host", host)
				}
			},
		})
		b.hosts[host] = breaker
	}
	return breaker
}

// openError is the error of a request that was not sent because the circuit of its
// host is open.
type openError struct{ host string }

// Error names the host, for logs.
func (e openError) Error() string { return "the circuit of " + e.host + " is open" }

// guarded sends requests through the breakers.
type guarded struct {
	next     http.RoundTripper
	breakers *Breakers
}

// RoundTrip sends the request, unless the host's circuit is open. Errors and 5xx
// responses count as failures.
func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	done, err := g.breakers.of(req.URL.Host).Allow()
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper must
		}
		return nil, openError{req.URL.Host}
	}
	res, err := g.next.RoundTrip(req)
	switch {
	case err != nil:
		done(err)
	case res.StatusCode >= http.StatusInternalServerError:
		done(fmt.Errorf("HTTP status %d", res.StatusCode))
	default:
		done(nil)
	}
	return res, err
}
