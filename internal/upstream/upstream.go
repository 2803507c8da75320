// Package upstream makes the http.Clients for what profilectl calls: Entra,
// Microsoft Graph and the mid-tier. A client has its own pool of connections,
// time limits, the system's roots plus an optional CA file, retries where they
// are safe, and carries the correlation id of the context as client-request-id.
//
// TLS checks cannot be turned off: a private CA is named, not ignored.
package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/profilectl/profilectl/internal/tracing"
)

// Config says how a client behaves. The zero value is ready to use.
type Config struct {
	CAFile string // PEM certificates trusted beside the system's; empty for none
	// Timeout is of one call with all its retries; 0 is 30 seconds. Below 0 there is
	// none but the context's, which spares each call a timer.
	Timeout   time.Duration
	Attempts  int    // how often a safe request is sent at most; 0 is 3
	UserAgent string // what servers see; empty is Go's
	MaxConns  int    // connections to one host; 0 is no limit
	// Proxy chooses a proxy; nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)
	// Breakers keep requests from hosts that only fail; nil for none.
	Breakers *Breakers
	// Trace makes a span of each request; nil for none.
	Trace *tracing.Tracer
}

const (
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 3
	idlePerHost     = 100 // net/http's own default of 2 throttles a busy mid-tier
)

// New returns a client. It fails with a Usage fault where the CA file cannot be
// used.
func New(c Config) (*http.Client, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Attempts == 0 {
		c.Attempts = defaultAttempts
	}
	if c.Proxy == nil {
		c.Proxy = http.ProxyFromEnvironment
	}
	own, err := certificates(c.CAFile)
	if err != nil {
		return nil, err
	}
	var sending http.RoundTripper = &labeled{next: newTrusting(c, own), userAgent: c.UserAgent}
	if c.Trace != nil {
		sending = c.Trace.Transport(sending)
	}
	if c.Breakers != nil {
		sending = &guarded{next: sending, breakers: c.Breakers}
	}
	return &http.Client{
		Transport:     &retrying{next: sending, attempts: c.Attempts},
		Timeout:       max(c.Timeout, 0),
		CheckRedirect: keepTokensHome,
	}, nil
}

// keepTokensHome never follows a redirect with a token in hand: the APIs called
// here do not redirect, so one that does is not what it seems.
func keepTokensHome(req *http.Request, via []*http.Request) error {
	const most = 5
	if via[0].Header.Get("Authorization") != "" || via[0].Method != http.MethodGet || len(via) >= most {
		return http.ErrUseLastResponse
	}
	return nil
}

type correlationKey struct{}

// WithCorrelationID returns a context whose requests carry id as
// client-request-id, which Entra and Graph write to their logs.
func WithCorrelationID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

// CorrelationID returns the context's correlation id, or an empty string.
func CorrelationID(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}

// labeled adds what every request carries.
type labeled struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip sends a copy of the request with the labels.
func (l *labeled) RoundTrip(req *http.Request) (*http.Response, error) {
	id := CorrelationID(req.Context())
	if id == "" && l.userAgent == "" {
		return l.next.RoundTrip(req)
	}
	labeled := *req // a RoundTripper must not change the request, and only the header is
	labeled.Header = req.Header.Clone()
	if id != "" {
		labeled.Header.Set("client-request-id", id)
	}
	if l.userAgent != "" && labeled.Header.Get("User-Agent") == "" {
		labeled.Header.Set("User-Agent", l.userAgent)
	}
	res, err := l.next.RoundTrip(&labeled)
	if err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	return res, nil
}
