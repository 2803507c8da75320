package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// Fault describes a failure that a test adds to the tenant. It affects the
// next request to its part, and only that one.
type Fault = control.Fault

// FailNext makes the next request to the fault's part fail. Faults of the same
// part queue up.
func (t *Tenant) FailNext(f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, f)
}

// Faults returns the faults that have not happened yet, in their order.
func (t *Tenant) Faults() []Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Fault{}, t.faults...)
}

// checkFault returns an error if a fault has no effect, or if its parts contradict
// each other.
func checkFault(f Fault) error {
	effects := 0
	for _, effect := range []bool{f.Status != 0, f.Reset, f.Cut} {
		if effect {
			effects++
		}
	}
	switch {
	case f.Part != "" && !slices.Contains(parts(), f.Part):
		return fmt.Errorf("the sandbox has no part %q; its parts are %s", f.Part, strings.Join(parts(), ", "))
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("a fault cannot have the status %d; it must be between 200 and 599", f.Status)
	case f.Delay < 0 || f.RetryAfter < 0:
		return errors.New("a fault needs a delay and a retryAfter of 0 or more")
	case effects > 1:
		return errors.New("a fault has one of status, reset and cut")
	case f.Status == 0 && (f.RetryAfter != 0 || f.Body != ""):
		return errors.New("a fault needs a status for retryAfter and body")
	case effects == 0 && f.Delay == 0:
		return errors.New("a fault needs a status, a delay, reset or cut")
	}
	return nil
}

// Recover discards the faults that have not happened yet.
func (t *Tenant) Recover() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

// nextFault removes and returns the next fault for a request to part.
func (t *Tenant) nextFault(part string) (f Fault, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.faults, func(f Fault) bool { return f.Part == "" || f.Part == part })
	if i < 0 {
		return Fault{}, false
	}
	f = t.faults[i]
	t.faults = slices.Delete(t.faults, i, i+1)
	return f, true
}

// fail produces a fault. It reports whether the request is done: after a fault
// that is only a delay, the tenant sends the normal response.
func (t *Tenant) fail(f Fault, w *statusRecorder, r *http.Request, next http.Handler) (done bool) {
	record := audit.From(r.Context())
	if f.Delay > 0 && !sleep(r.Context(), f.Delay) {
		w.status = 0
		record.Failed("the client left while a fault delayed the response")
		panic(http.ErrAbortHandler) // a return would send an empty response with status 200
	}
	switch {
	case f.Reset:
		w.status = 0
		record.Failed("a fault closed the connection without a response")
		panic(http.ErrAbortHandler)
	case f.Cut:
		cut(w, r, next)
		return true
	case f.Status != 0:
		record.Failed("a fault responded with status %d", f.Status)
		t.failWithStatus(f, w, r)
		return true
	}
	return false
}

// graphRetryAfter is the Retry-After of a 429 of Graph, in seconds, if the fault has
// none (learn.microsoft.com, "Microsoft Graph throttling guidance").
const graphRetryAfter = 10

// failWithStatus sends the response of a fault that has a status. If the fault has no
// body, errors of Graph have Graph's.
func (t *Tenant) failWithStatus(f Fault, w http.ResponseWriter, r *http.Request) {
	ofGraph := isGraph(r.Host, r.URL.Path) && f.Body == "" && f.Status >= http.StatusBadRequest
	if ofGraph && f.Status == http.StatusTooManyRequests && f.RetryAfter == 0 {
		f.RetryAfter = graphRetryAfter
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if ofGraph {
		t.graph.Fail(w, r, f.Status)
		return
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // fails only if the client is gone
}

// sleep waits for d. It reports false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// cut sends the first half of the normal response and closes the connection.
func cut(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole := &bufferedResponse{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(whole, r)
	maps.Copy(w.Header(), whole.header)
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2]) // fails only if the client is gone
	_ = http.NewResponseController(w).Flush()
	audit.From(r.Context()).Failed("a fault closed the connection after half of the response")
	panic(http.ErrAbortHandler)
}
