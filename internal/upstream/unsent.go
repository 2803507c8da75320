package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
)

// Unsent reports whether an error proves that nothing was sent: the circuit of the host
// is open, or the connection failed before it could carry a request. After any other
// error, the server may have processed the request.
func Unsent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, new(openError)) ||
		errors.As(err, &op) && slices.Contains([]string{"dial", "proxyconnect"}, op.Op) ||
		errors.As(err, &dns) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &unknown)
}
