package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/neterr"
)

// Fault turns a transport error into a fault; doing says what failed, such as
// "cannot read the profile". The fault names the host, never a whole URL: its
// query may contain personal data. A fault in err's chain is returned unchanged,
// and an error that does not come from the network becomes an Internal fault.
func Fault(err error, doing string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if open, ok := errors.AsType[openError](err); ok {
		return &fault.Error{
			Kind:       fault.Unavailable,
			What:       doing + ": " + open.host + " has failed many times in a row",
			Fix:        "try again in a minute",
			Err:        err,
			RetryAfter: openFor,
		}
	}
	e, ok := explain(err, hostOf(err))
	if !ok {
		return &fault.Error{Kind: fault.Internal, What: doing, Next: fault.DoReport, Err: err}
	}
	return &fault.Error{Kind: e.kind, What: doing + ": " + e.what, Fix: e.fix, Next: e.next, Err: err}
}

// hostOf returns the host in err's URL, or "the server" if there is none.
func hostOf(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		if address, parseErr := url.Parse(u.URL); parseErr == nil && address.Host != "" {
			return address.Host
		}
	}
	return "the server"
}

// explanation is what happened to a connection, and what to do about it.
type explanation struct {
	kind      fault.Kind
	what, fix string
	next      fault.Action
}

// explain returns the explanation of a transport error. ok is false if err does not
// come from the network.
func explain(err error, host string) (e explanation, ok bool) {
	if explained, isTLS := explainTLS(err, host); isTLS {
		return explained, true
	}
	e.kind = fault.Unavailable
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		e.kind, e.what, e.fix = fault.Canceled, "it was canceled", "run the command again"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.what = "the host " + dns.Name + " does not exist"
		e.fix, e.next = "check the spelling of the address", fault.DoCheckSettings
	case errors.Is(err, context.DeadlineExceeded):
		e.what, e.fix, e.next = host+" did not answer in time", "try again", fault.DoAllowTime
	case isTimeout(err):
		e.what, e.fix = host+" did not answer in time", "try again in a minute"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.what = "the proxy for " + host + " cannot be reached"
		e.fix = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment"
	case neterr.IsRefused(err):
		e.what, e.fix = "nothing answers at "+host, "check that it is running and that the address is right"
	case isBroken(err):
		e.what, e.fix = host+" broke the connection", "try again in a minute"
	case isNetworkError(err):
		e.what, e.fix = host+" cannot be reached", "check the network and the proxy settings, then try again"
	default:
		return e, false
	}
	return e, true
}

// isTimeout reports whether err is a timeout of the connection, such as that of the
// TLS handshake, which does not depend on the timeout of the client.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// isNetworkError reports whether err comes from the network or from the client's
// use of it.
func isNetworkError(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var u *url.Error
	return errors.As(err, &op) || errors.As(err, &dns) || errors.As(err, &u)
}

// ErrThrottled is the cause of the fault that Overloaded returns for status 429.
var ErrThrottled = errors.New("too many requests")

// throttledFor is how long to wait if a server that throttles sends no Retry-After.
const throttledFor = 10 * time.Second

// Overloaded returns the fault of a response with which a server rejects a request
// only for now, 429 or 5xx. What names the server and what failed.
func Overloaded(what string, res *http.Response) *fault.Error {
	f := &fault.Error{Kind: fault.Unavailable, What: what, Fix: "try again in a minute"}
	if res.StatusCode == http.StatusTooManyRequests {
		f.Err, f.RetryAfter = ErrThrottled, throttledFor
	}
	if wait, ok := RetryAfter(res.Header); ok {
		wait = max(wait, time.Second)
		f.RetryAfter, f.Fix = wait, "try again in "+wait.String()
	}
	return f
}
