package pace_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/pace"
	"github.com/profilectl/profilectl/internal/upstream"
)

// tenant is a tenant that rejects requests beyond a limit in any second, or as it is told.
type tenant struct {
	limit int           // requests in a second; 0 is none
	delay time.Duration // of its responses
	mu    sync.Mutex
	// answers are the first responses, in their order: the value of Retry-After with
	// status 429, "in 30s" for a date, "-" for 429 without one, and "200" for success.
	answers  []string
	sent     []time.Time // all requests
	users    []string    // of the accepted requests, in their order
	rejected int
}

func (t *tenant) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	res := t.respond(r, string(body))
	time.Sleep(t.delay)
	return res, nil
}

// respond counts a request and returns the response.
func (t *tenant) respond(r *http.Request, user string) *http.Response {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	recent := 0
	for _, at := range t.sent {
		if now.Sub(at) < time.Second {
			recent++
		}
	}
	t.sent = append(t.sent, now)
	answer := "200"
	switch {
	case len(t.answers) > 0:
		answer, t.answers = t.answers[0], t.answers[1:]
	case t.limit > 0 && recent >= t.limit:
		answer = "1"
	}
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	if answer == "200" {
		t.users = append(t.users, user)
		return res
	}
	t.rejected++
	res.StatusCode = http.StatusTooManyRequests
	if after, ok := strings.CutPrefix(answer, "in "); ok {
		d, _ := time.ParseDuration(after)
		answer = now.Add(d).UTC().Format(http.TimeFormat)
	}
	if answer != "-" {
		res.Header.Set("Retry-After", answer)
	}
	return res
}

// since returns when the requests arrived, from a start.
func (t *tenant) since(start time.Time) []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]time.Duration, len(t.sent))
	for i, at := range t.sent {
		all[i] = at.Sub(start)
	}
	return all
}

// accepted returns the users of the accepted requests, in their order.
func (t *tenant) accepted() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.users)
}

// client sends requests through a pacer.
type client struct {
	pacer  *pace.Pacer
	http   *http.Client
	tenant *tenant
	group  sync.WaitGroup
}

func newClient(c pace.Config, t *tenant) *client {
	p := pace.New(c)
	return &client{pacer: p, http: &http.Client{Transport: p.Transport(t, nil)}, tenant: t}
}

// send sends a request of a user, who waits for a time, and returns its error.
func (c *client) send(ctx context.Context, user string, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return c.sendAs(ctx, pace.Caller{User: user})
}

func (c *client) sendAs(ctx context.Context, caller pace.Caller) error {
	ctx = pace.WithCaller(ctx, caller)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://tenant.example", strings.NewReader(caller.User))
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err == nil {
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			err = fmt.Errorf("HTTP status %d", res.StatusCode)
		}
	}
	return err
}

// begin sends a request in the background, which must have the given result, and returns
// when it waits or has ended.
func (c *client) begin(t *testing.T, user string, wait time.Duration, want func(error) bool) {
	t.Helper()
	c.group.Go(func() {
		if err := c.send(t.Context(), user, wait); !want(err) {
			t.Errorf("%s: %v", user, err)
		}
	})
	synctest.Wait()
}

func succeeds(err error) bool { return err == nil }

// isRefused reports whether err is the fault that callers see as 429.
func isRefused(err error) bool {
	return errors.Is(err, upstream.ErrThrottled) && fault.As(err).Kind == fault.Unavailable &&
		fault.As(err).RetryAfter >= time.Second
}

func retryAfter(err error) time.Duration { return fault.As(err).RetryAfter.Round(time.Millisecond) }
