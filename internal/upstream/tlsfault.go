package upstream

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

const (
	neverOff = "never turn the check off"
	// acceptNegative is the setting of Go's runtime that accepts serial numbers as
	// old appliances create them.
	acceptNegative = "set GODEBUG=x509negativeserial=1 in the environment to accept it until then"
)

// explainTLS returns the explanation of a failure of TLS. ok is false for other errors.
func explainTLS(err error, host string) (e explanation, ok bool) {
	e.kind = fault.Usage
	certificate := "the certificate of " + host
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.what, e.fix = explainDates(invalid.Cert, host, time.Now())
	case errors.As(err, &name):
		e.what = certificate + " is for " + names(name.Certificate) + " instead"
		e.fix = "check the address; if it is right, a proxy in between answers for " + host
	case errors.As(err, &unknown) && isSelfSigned(unknown.Cert):
		e.what = certificate + " is not trusted: it is self-signed"
		e.fix = "if it is the right server, set ca-file to this certificate; " + neverOff
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &verification):
		e.what = certificate + " is not trusted" + unreadCA(err)
		e.fix = "if a private CA issued it, set ca-file to the certificate of that CA; " + neverOff
	case isNegativeSerial(err):
		e.what = certificate + " has a negative serial number, which RFC 5280 forbids"
		e.fix = "ask the operator of the server, or of the proxy in between, for a new certificate; " + acceptNegative
	default:
		return explainHandshake(err, host)
	}
	return e, true
}

// explainHandshake returns the explanation of a TLS handshake that failed before the
// certificate was checked.
func explainHandshake(err error, host string) (e explanation, ok bool) {
	e.kind = fault.Unavailable
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		e.kind = fault.Usage
		e.what = host + " does not speak TLS"
		e.fix, e.next = "check the port of the address, and whether it begins with https", fault.DoCheckSettings
	case errors.As(err, &op) && op.Op == "remote error":
		e.what = host + " rejected the TLS connection"
		e.fix = "check whether the server, or a proxy in between, needs a client certificate or is older than TLS 1.2"
	case strings.Contains(err.Error(), ": tls: "): // the package has no types for these errors
		e.what = "the TLS connection to " + host + " failed"
		e.fix = "check whether the server, or a proxy in between, is older than TLS 1.2"
	default:
		return e, false
	}
	return e, true
}

// explainDates explains a certificate, of a server or of its CA, outside of its dates.
// If the certificate is not valid yet, the clock is the more likely cause.
func explainDates(c *x509.Certificate, host string, now time.Time) (what, fix string) {
	what = "the certificate of " + host
	if c.IsCA {
		what = "the certificate of the CA " + c.Subject.CommonName + ", which vouches for " + host + ","
	}
	clock := "check the clock of this machine, which shows " + now.UTC().Format(time.DateOnly)
	if now.Before(c.NotBefore) {
		return what + " is not yet valid; it begins on " + c.NotBefore.UTC().Format(time.DateOnly),
			clock + "; if it is right, ask the operator of the server for a valid certificate"
	}
	return what + " expired on " + c.NotAfter.UTC().Format(time.DateOnly),
		clock + "; if it is right, ask the operator of the server to renew the certificate"
}

// names returns the hosts that a certificate is for.
func names(c *x509.Certificate) string {
	const most = 3
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "no host, because it has no subject alternative names,"
	case len(all) > most:
		return strings.Join(all[:most], ", ") + " and others"
	}
	return strings.Join(all, ", ")
}

// unreadCA returns what to add about a certificate of the CA file that was left out.
func unreadCA(err error) string {
	unread, ok := errors.AsType[*unreadError](err)
	switch {
	case !ok:
		return ""
	case isNegativeSerial(unread):
		return "; the CA file " + unread.file + " contains a certificate with a negative serial number, " +
			"which was left out"
	}
	return "; the CA file " + unread.file + " contains a certificate that cannot be read, which was left out"
}

// isSelfSigned reports whether a certificate names itself as its issuer.
func isSelfSigned(c *x509.Certificate) bool {
	return c != nil && bytes.Equal(c.RawIssuer, c.RawSubject)
}

// isNegativeSerial reports whether a certificate was rejected for its serial number.
// The package has no type for this error.
func isNegativeSerial(err error) bool {
	return strings.Contains(err.Error(), "x509: negative serial number")
}
