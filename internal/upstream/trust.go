package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// trusting connects to hosts whose certificate was issued by a CA of the CA file
// or of the system. Reading the system's roots takes milliseconds, so they are
// read only when they are needed: not for a host of the file's CAs, and otherwise
// while the connection is being opened.
type trusting struct {
	unread *unreadError           // what the file holds in addition to the CAs; nil for nothing
	file   *http.Transport        // trusts only the file's CAs; nil without a file
	system func() *http.Transport // trusts the file's and the system's CAs
	mu     sync.Mutex
	others map[string]bool // hosts whose certificate is not from the file's CAs
}

func newTrusting(c Config, pem []byte) *trusting {
	t := &trusting{others: map[string]bool{}}
	if unread := unreadIn(pem); unread != nil {
		t.unread = &unreadError{file: c.CAFile, err: unread}
	}
	t.system = sync.OnceValue(func() *http.Transport {
		if pem == nil {
			go func() { _, _ = x509.SystemCertPool() }() // reads them before the handshake needs them
			return c.transport(nil)
		}
		return c.transport(systemAnd(pem))
	})
	if pem != nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		t.file = c.transport(roots)
	}
	return t
}

// transport returns a transport with its own connections; nil roots are the
// system's.
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

// RoundTrip tries the file's CAs first. If they did not issue the host's
// certificate, nothing has been sent yet, and the system's roots are tried.
func (t *trusting) RoundTrip(req *http.Request) (*http.Response, error) {
	t.mu.Lock()
	useFile := t.file != nil && !t.others[req.URL.Host]
	t.mu.Unlock()
	if !useFile {
		return t.trySystem(req)
	}
	res, err := t.file.RoundTrip(req)
	if !errors.As(err, new(x509.UnknownAuthorityError)) {
		return res, err
	}
	t.mu.Lock()
	t.others[req.URL.Host] = true
	t.mu.Unlock()
	if req.GetBody != nil {
		if req, err = rewind(req); err != nil {
			return nil, fmt.Errorf("send request again: %w", err)
		}
	}
	return t.trySystem(req)
}

// trySystem tries the system's roots and the file's CAs.
func (t *trusting) trySystem(req *http.Request) (*http.Response, error) {
	res, err := t.system().RoundTrip(req)
	if t.unread != nil && errors.As(err, new(x509.UnknownAuthorityError)) {
		err = errors.Join(err, t.unread)
	}
	return res, err
}

// Roots returns the system's roots and the CAs of a PEM file, for connections that
// do not use HTTP. Without a file it returns nil, which means the system's roots.
// It fails with a Usage fault if the file cannot be used.
func Roots(caFile string) (*x509.CertPool, error) {
	pem, err := readCAFile(caFile)
	if pem == nil || err != nil {
		return nil, err
	}
	return systemAnd(pem), nil
}

// systemAnd returns the system's roots and the given CAs.
func systemAnd(pem []byte) *x509.CertPool {
	roots, err := x509.SystemCertPool()
	if err != nil { // a system without roots still has the file
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(pem)
	return roots
}
