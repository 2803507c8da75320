package pace

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/upstream"
)

// Caller is the user for whom requests are sent.
type Caller struct {
	// User identifies the user who takes turns with others.
	User string
	// Gone is closed when no one waits for the response any more. A request that waits
	// for its turn then leaves the queue. Nil is never.
	Gone <-chan struct{}
	// Idle is called when the request begins to wait for its turn, and the function that
	// it returns when it is the request's turn. Nil is no call.
	Idle func() (resume func())
}

func (c Caller) idle() (resume func()) {
	if c.Idle == nil {
		return func() {}
	}
	return c.Idle()
}

type callerKey struct{}

// WithCaller returns a context whose requests wait for the turn of a caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Transport returns a RoundTripper that sends each request of a Caller at its turn.
// Requests without one, such as those for signing keys, are sent at once but count. A
// response with status 429 pauses all requests. The rejected request is sent again after
// the pause, if that is in time, its body can be sent again, and it was not rejected
// three times.
//
// Every request that arrives at the tenant must pass through it once, so it belongs below
// the retries of package upstream. skip reports whether a request will fail without being
// sent, because of an open circuit; such a request takes no turn. Nil is never.
func (p *Pacer) Transport(next http.RoundTripper, skip func(*http.Request) bool) http.RoundTripper {
	if skip == nil {
		skip = func(*http.Request) bool { return false }
	}
	return &transport{pacer: p, next: next, skip: skip}
}

type transport struct {
	pacer *Pacer
	next  http.RoundTripper
	skip  func(*http.Request) bool
}

const maxAttempts = 3

// RoundTrip sends the request (http.RoundTripper).
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	caller, ok := req.Context().Value(callerKey{}).(Caller)
	var at place
	for attempt := 1; ; attempt++ {
		switch {
		case t.skip(req):
		case !ok:
			t.pacer.charge()
		default:
			if err := t.pacer.wait(req.Context(), caller, &at); err != nil {
				closeBody(req)
				return nil, err
			}
		}
		sent := time.Now()
		res, err := t.next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusTooManyRequests {
			t.pacer.accepted(sent)
			return res, nil
		}
		until := t.pacer.throttled(sent, res.Header)
		if !ok || t.pacer.off() || !mayRepeat(req) {
			return res, nil
		}
		discard(res)
		if attempt == maxAttempts {
			return nil, tooMany("the tenant limits the number of requests", time.Until(until), upstream.ErrThrottled)
		}
		if req, err = rewind(req); err != nil {
			return nil, err
		}
	}
}

// off reports whether nothing is paced.
func (p *Pacer) off() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.interval == 0
}

// mayRepeat reports whether the body of a rejected request can be sent again.
func mayRepeat(req *http.Request) bool { return req.Body == nil || req.GetBody != nil }

// rewind returns a copy of the request with an unread body.
func rewind(req *http.Request) (*http.Request, error) {
	if req.GetBody == nil {
		return req, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := *req
	again.Body = body
	return &again, nil
}

// discard reads a response, so that its connection can be used again.
func discard(res *http.Response) {
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, res.Body, most)
	_ = res.Body.Close()
}

// closeBody closes the body of a request that is not sent, as a RoundTripper must.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
