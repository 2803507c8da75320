package loopback

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// NewTransport returns a transport for clients of a sandbox, which trusts the CA of
// the sandbox's certificate, in PEM, and no other CA.
func NewTransport(ca []byte) *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Proxy:           http.ProxyFromEnvironment, // excludes localhost
	}
}
