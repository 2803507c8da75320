package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Fault puts a transport error into words: why doing, as "cannot read the
// profile", did not work. It names the host at most, never a whole URL: its
// query may hold personal data. A fault inside err is returned as it is, and an
// error that is none of the network's becomes Internal.
func Fault(err error, doing string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	host := "the server"
	if u, ok := errors.AsType[*url.Error](err); ok {
		if address, parseErr := url.Parse(u.URL); parseErr == nil && address.Host != "" {
			host = address.Host
		}
	}
	kind := fault.Unavailable
	switch {
	case errors.Is(err, context.Canceled):
		kind = fault.Canceled
	case certificate(err):
		kind = fault.Usage
	}
	if open, ok := errors.AsType[openError](err); ok {
		return &fault.Error{Kind: fault.Unavailable, What: doing + ": " + open.host + " has failed many times in a row", Fix: "try again in a minute", Err: err, RetryAfter: leaveAlone}
	}
	what, fix := explain(err, host)
	if what == "" {
		return &fault.Error{Kind: fault.Internal, What: doing, Fix: "run it again with --verbose and report what it says", Err: err}
	}
	return &fault.Error{Kind: kind, What: doing + ": " + what, Fix: fix, Err: err}
}

// explain says what happened to the connection, and what to do. Both are empty
// for an error of another kind.
func explain(err error, host string) (what, fix string) {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "it was stopped", "run the command again"
	case certificate(err):
		return "the certificate of " + host + " is not trusted", "if a private CA signed it, set ca-file to that CA's certificate; never turn the check off"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host named " + dns.Name, "check the spelling: `profilectl config list` shows the addresses and where they come from"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return host + " did not answer in time", "try again, or allow more time with --timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at " + host, "check that it is running and that the address is right"
	case broken(err):
		return host + " broke the connection", "try again in a minute"
	case errors.As(err, &op), errors.As(err, &dns), errors.As(err, new(*url.Error)):
		return host + " cannot be reached", "check the network and the proxy settings, then try again"
	}
	return "", ""
}

// ErrThrottled is the cause of the fault that Overloaded makes of status 429.
var ErrThrottled = errors.New("too many requests")

// throttled is how long to wait where a server that throttles does not say.
const throttled = 10 * time.Second

// Overloaded is the fault of an answer by which a server says that it cannot
// answer now, 429 or 5xx. What tells who, and what was being done.
func Overloaded(what string, res *http.Response) *fault.Error {
	f := &fault.Error{Kind: fault.Unavailable, What: what, Fix: "try again in a minute"}
	if res.StatusCode == http.StatusTooManyRequests {
		f.Err, f.RetryAfter = ErrThrottled, throttled
	}
	if wait, ok := RetryAfter(res.Header); ok {
		f.RetryAfter, f.Fix = wait, "try again in "+wait.String()
	}
	return f
}

// certificate tells a server that could not prove who it is.
func certificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}
