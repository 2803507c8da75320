// Package upstream returns HTTP clients for the servers that profilectl calls:
// Entra, Microsoft Graph and the mid-tier. A client has its own connections and
// timeouts, trusts the system's roots and an optional CA file, retries requests
// that are safe to repeat, and sends the correlation id of the context as
// client-request-id.
//
// The verification of certificates cannot be turned off. For a private CA there is
// the CA file.
package upstream

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/profilectl/profilectl/internal/tracing"
)

// Config is the configuration of a client. The zero value is ready to use.
type Config struct {
	CAFile string // PEM file with CAs to trust in addition to the system's; empty for none
	// Timeout limits a call with all its retries; 0 is 30 seconds. If it is negative,
	// only the deadline of the context counts, which saves a timer for each call.
	Timeout   time.Duration
	Attempts  int    // how many times a safe request is sent at most; 0 is 3
	UserAgent string // empty for Go's
	MaxConns  int    // connections to one host; 0 is no limit
	// Proxy chooses a proxy; nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)
	// Breakers stop transport requests to hosts that keep failing; nil for none.
	Breakers *Breakers
	// Log gets one line for each request, at debug level; nil for none.
	Log *slog.Logger
	// Trace records a span for each request; nil for none.
	Trace *tracing.Tracer
}

const (
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 3
	idlePerHost     = 100 // net/http's default of 2 throttles a busy mid-tier
)

// New returns a client. It fails with a Usage fault if the CA file cannot be used.
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
	pem, err := readCAFile(c.CAFile)
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper = &withHeaders{next: newTrusting(c, pem), userAgent: c.UserAgent}
	if c.Log != nil {
		transport = &logging{next: transport, log: c.Log}
	}
	if c.Trace != nil {
		transport = c.Trace.Transport(transport)
	}
	if c.Breakers != nil {
		transport = &guarded{next: transport, breakers: c.Breakers}
	}
	return &http.Client{
		Transport:     &retrying{next: transport, attempts: c.Attempts},
		Timeout:       max(c.Timeout, 0),
		CheckRedirect: checkRedirect,
	}, nil
}

// BelowRetries returns a copy of a client of New whose transport is wrapped below the
// retries, so that the wrapper sees every request that is sent. It shares the connections
// of the client. Any other client is wrapped as a whole.
func BelowRetries(c *http.Client, wrap func(http.RoundTripper) http.RoundTripper) *http.Client {
	wrapped := *c
	if r, ok := c.Transport.(*retrying); ok {
		wrapped.Transport = &retrying{next: wrap(r.next), attempts: r.attempts}
		return &wrapped
	}
	wrapped.Transport = wrap(cmp.Or(c.Transport, http.DefaultTransport))
	return &wrapped
}

// checkRedirect follows redirects of a GET without a token only, and never from https
// to http. The APIs that get a token do not redirect, so a redirect would come from
// another server.
func checkRedirect(req *http.Request, via []*http.Request) error {
	const most = 5
	token := via[0].Header.Get("Authorization") != ""
	downgrade := via[0].URL.Scheme == "https" && req.URL.Scheme != "https"
	if token || downgrade || via[0].Method != http.MethodGet || len(via) >= most {
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

// withHeaders adds the headers that every request has.
type withHeaders struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip sends a copy of the request with the headers.
func (h *withHeaders) RoundTrip(req *http.Request) (*http.Response, error) {
	id := CorrelationID(req.Context())
	if id == "" && h.userAgent == "" {
		return h.next.RoundTrip(req)
	}
	sent := *req // a RoundTripper must not change the request; this copy differs only in its header
	sent.Header = req.Header.Clone()
	if id != "" {
		sent.Header.Set("client-request-id", id)
	}
	if h.userAgent != "" && sent.Header.Get("User-Agent") == "" {
		sent.Header.Set("User-Agent", h.userAgent)
	}
	res, err := h.next.RoundTrip(&sent)
	if err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	return res, nil
}
