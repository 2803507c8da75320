package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// trusting sends requests to hosts that the system's roots vouch for, or those
// of the CA file. Reading the system's roots takes milliseconds, so they are
// read only when they are needed: not for a host of the file's CA, and otherwise
// while the connection is being made.
type trusting struct {
	own  *http.Transport // trusts the file's CAs alone; nil without a file
	all  func() *http.Transport
	mu   sync.Mutex
	rest map[string]bool // hosts that the file's CAs do not vouch for
}

func newTrusting(c Config, own []byte) *trusting {
	t := &trusting{rest: map[string]bool{}}
	t.all = sync.OnceValue(func() *http.Transport {
		if own == nil {
			go func() { _, _ = x509.SystemCertPool() }() // the handshake finds them read
			return c.transport(nil)
		}
		return c.transport(pool(own))
	})
	if own != nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(own)
		t.own = c.transport(pool)
	}
	return t
}

// transport makes a pool of connections.
func (c Config) transport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  c.Proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConns:           4 * idlePerHost,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxConnsPerHost:        c.MaxConns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// RoundTrip tries the file's CAs first. A host that they do not vouch for has
// been sent nothing yet, and is asked again with the system's roots.
func (t *trusting) RoundTrip(req *http.Request) (*http.Response, error) {
	t.mu.Lock()
	own := t.own != nil && !t.rest[req.URL.Host]
	t.mu.Unlock()
	if !own {
		return t.all().RoundTrip(req)
	}
	res, err := t.own.RoundTrip(req)
	if !errors.As(err, new(x509.UnknownAuthorityError)) {
		return res, err
	}
	t.mu.Lock()
	t.rest[req.URL.Host] = true
	t.mu.Unlock()
	if req.GetBody != nil {
		again := req.Clone(req.Context())
		if again.Body, err = req.GetBody(); err != nil {
			return nil, fmt.Errorf("send request again: %w", err)
		}
		req = again
	}
	return t.all().RoundTrip(req)
}

// Roots returns the system's roots with those of a CA file, for connections that
// are not HTTP; nil, which stands for the system's, where there is no file. It
// fails with a Usage fault where the file cannot be used.
func Roots(caFile string) (*x509.CertPool, error) {
	own, err := certificates(caFile)
	if own == nil || err != nil {
		return nil, err
	}
	return pool(own), nil
}

// pool is the system's roots with our own.
func pool(own []byte) *x509.CertPool {
	all, err := x509.SystemCertPool()
	if err != nil { // a system without a store still has the file
		all = x509.NewCertPool()
	}
	all.AppendCertsFromPEM(own)
	return all
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
