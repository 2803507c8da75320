// Package upstream makes the http.Clients for what profilectl calls: Entra,
// Microsoft Graph and the mid-tier. A client has its own pool of connections,
// time limits, the system's roots plus an optional CA file, retries where they
// are safe, and carries the correlation id of the context as client-request-id.
//
// TLS checks cannot be turned off: a private CA is named, not ignored.
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Config says how a client behaves. The zero value is ready to use.
type Config struct {
	CAFile    string        // PEM certificates trusted beside the system's; empty for none
	Timeout   time.Duration // of one call with all its retries; 0 is 30 seconds
	Attempts  int           // how often a safe request is sent at most; 0 is 3
	UserAgent string        // what servers see; empty is Go's
	MaxConns  int           // connections to one host; 0 is no limit
	// Proxy chooses a proxy; nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)
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
	roots, err := loadRoots(c.CAFile)
	if err != nil {
		return nil, err
	}
	pool := &http.Transport{
		Proxy:                  c.Proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConns:           4 * idlePerHost,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxConnsPerHost:        c.MaxConns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     &retrying{next: &labelled{next: &trusting{pool: pool, roots: roots}, userAgent: c.UserAgent}, attempts: c.Attempts},
		Timeout:       c.Timeout,
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

// trusting is a pool of connections that gets its roots with its first request.
type trusting struct {
	pool  *http.Transport
	roots <-chan *x509.CertPool
	once  sync.Once
}

// RoundTrip waits for the roots, once, and sends the request.
func (t *trusting) RoundTrip(req *http.Request) (*http.Response, error) {
	t.once.Do(func() { t.pool.TLSClientConfig.RootCAs = <-t.roots })
	return t.pool.RoundTrip(req)
}

// loadRoots delivers the system's roots with those of the file added, or nil,
// which means the system's alone. Reading those of the system takes
// milliseconds, so it is done meanwhile, also where nil is the answer: the
// first handshake then finds them read.
func loadRoots(file string) (<-chan *x509.CertPool, error) {
	more, err := certificates(file)
	if err != nil {
		return nil, err
	}
	loaded := make(chan *x509.CertPool, 1)
	go func() {
		pool, err := x509.SystemCertPool()
		if err != nil { // a system without a store still has the file
			pool = x509.NewCertPool()
		}
		if more == nil {
			loaded <- nil
			return
		}
		pool.AppendCertsFromPEM(more)
		loaded <- pool
	}()
	return loaded, nil
}

// certificates reads a PEM file and makes sure that it holds any.
func certificates(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	broken := func(what string, err error) error {
		return &fault.Error{Kind: fault.Usage, What: what, Fix: "set ca-file to a PEM file with the CA's certificate, or unset it", Err: err}
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, broken("the CA file "+file+" cannot be read", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, broken("the CA file "+file+" holds no certificate", nil)
	}
	return pem, nil
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

// labelled adds what every request carries.
type labelled struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip sends a copy of the request with the labels.
func (l *labelled) RoundTrip(req *http.Request) (*http.Response, error) {
	id := CorrelationID(req.Context())
	if id == "" && l.userAgent == "" {
		return l.next.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	if id != "" {
		req.Header.Set("client-request-id", id)
	}
	if l.userAgent != "" && req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", l.userAgent)
	}
	res, err := l.next.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	return res, nil
}
