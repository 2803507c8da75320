package upstream

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/profilectl/profilectl/internal/neterr"
)

type idempotentKey struct{}

// Idempotent marks the requests of the returned context as safe to repeat although
// their method does not imply it: a PATCH of fixed values, for instance.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

const (
	firstDelay = 200 * time.Millisecond // doubles with each attempt, plus jitter
	drainLimit = 64 << 10               // bytes read of a discarded response, to reuse its connection
)

// retrying repeats safe requests with exponential backoff if the server is
// overloaded or the connection broke. It never waits beyond the deadline of the
// context: a response whose Retry-After is later is returned as it is.
//
// failsafe-go's HTTP policy was considered and not used: it repeats POSTs, ignores
// dates in Retry-After, and waits beyond the deadline.
type retrying struct {
	next     http.RoundTripper
	attempts int
}

// RoundTrip sends the request, up to r.attempts times.
func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	if !isRepeatable(req) {
		return r.next.RoundTrip(req)
	}
	for attempt := 1; ; attempt++ {
		res, err := r.next.RoundTrip(req)
		delay, retry := r.retryDelay(req, res, err, attempt)
		if !retry {
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

// isRepeatable reports whether a request may arrive twice without harm and its
// body can be sent twice.
func isRepeatable(req *http.Request) bool {
	safe := req.Method == http.MethodGet || req.Method == http.MethodHead ||
		req.Context().Value(idempotentKey{}) != nil
	return safe && (req.Body == nil || req.Body == http.NoBody || req.GetBody != nil)
}

// rewind returns a copy of the request with an unread body.
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

// retryDelay returns how long to wait before the next attempt. retry is false if
// there must be none.
func (r *retrying) retryDelay(
	req *http.Request,
	res *http.Response,
	err error,
	attempt int,
) (delay time.Duration, retry bool) {
	if attempt >= r.attempts || req.Context().Err() != nil {
		return 0, false
	}
	delay = firstDelay << (attempt - 1)
	delay += rand.N(delay) //nolint:gosec // jitter is not a secret; it keeps many clients from coming back at once
	switch {
	case err != nil:
		if !isBroken(err) {
			return 0, false
		}
	case isOverloaded(res.StatusCode):
		if wait, ok := RetryAfter(res.Header); ok {
			delay = wait
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

// isOverloaded reports whether a status is one that waiting may resolve. A 500 is
// not: the same request is likely to fail again.
func isOverloaded(status int) bool {
	return status == http.StatusTooManyRequests ||
		status == http.StatusServiceUnavailable ||
		status == http.StatusGatewayTimeout
}

// isBroken reports whether err is a failure of the connection that a new
// connection may resolve. A refused connection is not: no server is running there.
func isBroken(err error) bool {
	return neterr.IsReset(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, new(streamError))
}

// streamError is the HTTP/2 error that ends a single request. net/http's own type
// is not exported; its As method fills in any struct with these fields.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error names the code (RFC 9113, 7).
func (e streamError) Error() string { return "HTTP/2 error " + strconv.Itoa(int(e.Code)) }

// RetryAfter returns the value of the Retry-After header, which is a number of
// seconds or a date (RFC 9110, 10.2.3), in whole seconds. It accepts fractions of a
// second, which some services send. It reports false if the header is missing or
// invalid. The number is limited to a day.
func RetryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	const most = 24 * 60 * 60
	whole := func(seconds float64) time.Duration {
		return time.Duration(math.Ceil(min(max(seconds, 0), most))) * time.Second
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && !math.IsNaN(seconds) && !math.IsInf(seconds, 0) {
		return whole(seconds), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return whole(time.Until(at).Seconds()), true
	}
	return 0, false
}
