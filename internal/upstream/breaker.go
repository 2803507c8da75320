package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// manyFailures in a row, and a host is left alone for a while: whatever is
	// sent to it would only wait for its time limit.
	manyFailures = 20
	leaveAlone   = 5 * time.Second
)

// Breakers keep requests from hosts that only fail, one circuit breaker for each
// host: after many failures in a row requests fail at once, until one that is let
// through succeeds. They are safe for concurrent use.
type Breakers struct {
	log   *slog.Logger
	mu    sync.Mutex
	hosts map[string]*gobreaker.TwoStepCircuitBreaker[any]
}

// NewBreakers returns Breakers that tell log when a host is left alone, and when
// no more.
func NewBreakers(log *slog.Logger) *Breakers {
	return &Breakers{log: log, hosts: map[string]*gobreaker.TwoStepCircuitBreaker[any]{}}
}

// Open returns the hosts that are left alone at present.
func (b *Breakers) Open() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []string
	for host, breaker := range b.hosts {
		if breaker.State() == gobreaker.StateOpen {
			open = append(open, host)
		}
	}
	slices.Sort(open)
	return open
}

func (b *Breakers) of(host string) *gobreaker.TwoStepCircuitBreaker[any] {
	b.mu.Lock()
	defer b.mu.Unlock()
	breaker, ok := b.hosts[host]
	if !ok {
		breaker = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
			Name: host, Timeout: leaveAlone,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= manyFailures },
			IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller went away
			OnStateChange: func(host string, _, to gobreaker.State) {
				b.log.Warn("circuit breaker", "host", host, "state", to.String())
			},
		})
		b.hosts[host] = breaker
	}
	return breaker
}

// openError is the failure of a request that was not sent.
type openError struct{ host string }

// Error names the host, for logs.
func (e openError) Error() string { return e.host + " is left alone after many failures" }

// guarded sends requests through the breakers.
type guarded struct {
	next     http.RoundTripper
	breakers *Breakers
}

// RoundTrip sends the request, unless the host is left alone.
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
