package upstream

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

type idempotentKey struct{}

// Idempotent marks the context's requests as safe to send again although their
// method does not say so: a PATCH of fixed values, for instance.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

const (
	firstDelay = 200 * time.Millisecond // doubles with each attempt, with jitter
	drainLimit = 64 << 10               // bytes read of an answer that is thrown away, to keep its connection
)

// retrying sends safe requests again when the other side is overloaded or the
// connection broke. It never waits longer than the context allows: an answer
// whose Retry-After is too far away is returned as it is.
//
// failsafe-go's HTTP policy was weighed and not taken: it repeats POSTs, knows
// no Retry-After dates, and waits past the deadline.
type retrying struct {
	next     http.RoundTripper
	attempts int
}

// RoundTrip sends the request, once or more.
func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	if !repeatable(req) {
		return r.next.RoundTrip(req)
	}
	for attempt := 1; ; attempt++ {
		res, err := r.next.RoundTrip(req)
		delay, again := r.again(req, res, err, attempt)
		if !again {
			return res, err
		}
		if res != nil {
			_, _ = io.CopyN(io.Discard, res.Body, drainLimit)
			_ = res.Body.Close()
		}
		select {
		case <-time.After(delay):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		if req, err = rewind(req); err != nil {
			return nil, err
		}
	}
}

// repeatable tells a request that may arrive twice without harm, and whose
// body can be sent twice.
func repeatable(req *http.Request) bool {
	safe := req.Method == http.MethodGet || req.Method == http.MethodHead || req.Context().Value(idempotentKey{}) != nil
	return safe && (req.Body == nil || req.Body == http.NoBody || req.GetBody != nil)
}

func rewind(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.GetBody == nil {
		return next, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	next.Body = body
	return next, nil
}

// again tells whether to send once more, and after how long.
func (r *retrying) again(req *http.Request, res *http.Response, err error, attempt int) (time.Duration, bool) {
	if attempt >= r.attempts || req.Context().Err() != nil {
		return 0, false
	}
	delay := firstDelay << (attempt - 1)
	delay += rand.N(delay) //nolint:gosec // jitter is not a secret; it keeps many clients from coming back at once
	switch {
	case err != nil:
		if !broken(err) {
			return 0, false
		}
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable, res.StatusCode == http.StatusGatewayTimeout:
		if asked, ok := RetryAfter(res.Header); ok {
			delay = asked
		}
	default:
		return 0, false
	}
	deadline, limited := req.Context().Deadline()
	if limited && time.Until(deadline) <= delay {
		return 0, false
	}
	return delay, true
}

// broken tells an error of the connection, which a new connection may cure. A
// refused connection is not among them: nobody is there.
func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(streamError))
}

// streamError is HTTP/2's way to break off one request: net/http's own type is
// not exported, and fills in any struct with these fields (its As method).
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error names the code (RFC 9113, 7).
func (e streamError) Error() string { return "HTTP/2 error " + strconv.Itoa(int(e.Code)) }

// RetryAfter reads the header of that name, seconds or a date (RFC 9110,
// 10.2.3).
func RetryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.Atoi(value); err == nil {
		const most = 24 * 60 * 60 // seconds; a foreign number must not overflow
		return time.Duration(min(max(seconds, 0), most)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}
