// Package pace spaces the requests to a tenant, which accepts only so many a second
// from one address (learn.microsoft.com, "Service limits and restrictions" of external
// tenants). A request above the limit is not only lost: it counts, so that the tenant
// rejects others too.
//
// Requests wait in a queue in which users take turns. A request that cannot be served
// before its deadline is rejected at once, with the time at which a turn is free. When
// the tenant throttles nevertheless, all requests pause. Replicas that reach the tenant
// from the same address can share their turns.
//
// golang.org/x/time/rate decides only how long the next request has to wait. It has no
// order among users, cannot pause, and gives back only a part of a canceled reservation
// (golang/go#56924).
package pace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Config describes a Pacer. The zero value paces nothing.
type Config struct {
	Rate   int          // turns a second; 0 grants every turn at once and never pauses
	Share  *Share       // the turns of all replicas at the same address; nil if there are no others
	Events Events       // for metrics
	Log    *slog.Logger // of pauses; nil for none
	// MaxWaiting is the number of requests that wait at the same time; 0 is 10,000.
	MaxWaiting int
}

// Events are called for what happens to requests, if they are not nil. They must not
// call the Pacer.
type Events struct {
	Waited    func(time.Duration) // a request got its turn
	Refused   func(Reason)        // a request cannot have a turn in time
	Throttled func()              // the tenant rejected a request with status 429
}

// Reason is why a request got no turn.
type Reason string

// The reasons.
const (
	Busy   Reason = "busy"   // too many others are before it
	Paused Reason = "paused" // the tenant throttles for longer than it can wait
	Full   Reason = "full"   // MaxWaiting requests wait already
)

const (
	defaultMaxWaiting = 10_000
	// margin is the time that a request needs after its turn: for the exchange and the
	// call to Graph. Short deadlines keep a quarter of their time instead.
	margin = 2 * time.Second
	// maxRetryAfter is how far behind the end of the queue a rejected request is sent.
	maxRetryAfter = time.Minute
)

// ErrGone is the cause of the fault of a request whose Caller is gone.
var ErrGone = errors.New("the caller is gone")

// ErrNoTurn is the cause of the fault of a request that was not sent, because it could not
// have a turn in time.
var ErrNoTurn = fmt.Errorf("no turn in time: %w", upstream.ErrThrottled)

// Pacer grants turns. It is safe for concurrent use.
type Pacer struct {
	config Config
	share  *sharing // nil without a Share

	mu       sync.Mutex
	interval time.Duration // between two turns; 0 if pacing is off
	next     time.Time     // of the next turn, at the earliest
	queue    queue
	timer    *time.Timer // calls tick at the time of the next turn
	throttle throttle
	promised time.Time // the latest turn that a rejected request was told
}

// New returns a Pacer.
func New(c Config) *Pacer {
	if c.MaxWaiting == 0 {
		c.MaxWaiting = defaultMaxWaiting
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pacer{config: c, queue: queue{last: map[string]int64{}}, interval: intervalOf(c.Rate)}
	if c.Share != nil {
		p.share = &sharing{Share: c.Share, replicas: unknownReplicas}
	}
	p.timer = time.AfterFunc(time.Hour, p.tick)
	p.timer.Stop()
	return p
}

// intervalOf returns the time between two turns at a rate.
func intervalOf(rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	return max(time.Second/time.Duration(rate), time.Microsecond)
}

// SetRate changes the number of turns a second. The requests that wait keep their
// places. If it is 0, all of them get their turn.
func (p *Pacer) SetRate(rate int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.interval = intervalOf(rate)
	p.next = now.Add(p.interval)
	if p.interval == 0 {
		p.timer.Stop()
		for len(p.queue.waiting) > 0 {
			p.queue.pop()
		}
		return
	}
	p.refuseLate(now, 0)
	p.schedule(now)
}

// Waiting returns the number of requests that wait for their turn.
func (p *Pacer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue.waiting)
}

// wait returns when it is the request's turn. at is where the request stood before, or
// the zero place; wait sets it. It returns the fault of a request that cannot have a turn
// before its deadline, whose caller is gone, or whose context is done; such a request
// leaves its turn to others.
func (p *Pacer) wait(ctx context.Context, c Caller, at *place) error {
	start := time.Now()
	w := &waiter{user: c.User, place: *at, latest: latest(ctx, start), ready: make(chan struct{})}
	if err := p.enter(ctx, w, start); err != nil {
		return err
	}
	*at = w.place
	resume := func() {}
	select {
	case <-w.ready:
	default:
		resume = c.idle()
		p.await(ctx, c, w)
	}
	if w.err == nil && p.config.Events.Waited != nil {
		p.config.Events.Waited(time.Since(start))
	}
	resume()
	return w.err
}

// await returns when w got its turn or an error.
func (p *Pacer) await(ctx context.Context, c Caller, w *waiter) {
	var err error
	select {
	case <-w.ready:
		return
	case <-ctx.Done():
		err = upstream.Fault(context.Cause(ctx), "cannot wait for a turn at the tenant")
	case <-c.Gone:
		err = &fault.Error{
			Kind: fault.Canceled,
			What: "the caller disconnected",
			Fix:  "send the request again",
			Err:  ErrGone,
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.remove(w) { // otherwise it got its turn meanwhile
		w.err = err
		p.schedule(time.Now())
	}
}

// latest returns the last time at which a turn leaves enough time to use it.
func latest(ctx context.Context, now time.Time) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok {
		return now.Add(24 * time.Hour)
	}
	const share = 4
	return deadline.Add(-min(margin, max(0, deadline.Sub(now))/share))
}

// enter puts w into the queue, or returns why w cannot wait there. A request whose
// context is done takes no turn.
func (p *Pacer) enter(ctx context.Context, w *waiter, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return upstream.Fault(err, "cannot wait for a turn at the tenant")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.interval == 0 {
		close(w.ready)
		return nil
	}
	if len(p.queue.waiting) == 0 && !p.next.After(now) {
		p.next = now // turns that no request used are gone
		p.queue.forget()
	}
	i := p.queue.assign(w)
	if at := p.turn(now, i); at.After(w.latest) {
		return p.refuse(now, at, p.reason(now))
	}
	if len(p.queue.waiting) >= p.config.MaxWaiting {
		return p.refuse(now, p.turn(now, len(p.queue.waiting)), Full)
	}
	p.queue.insert(i, w)
	p.refuseLate(now, i+1)
	p.schedule(now)
	return nil
}

// refuseLate removes the requests from index i on that can no longer have a turn in time.
func (p *Pacer) refuseLate(now time.Time, i int) {
	for i < len(p.queue.waiting) {
		w, at := p.queue.waiting[i], p.turn(now, i)
		if !at.After(w.latest) {
			i++
			continue
		}
		p.queue.remove(w)
		w.err = p.refuse(now, at, p.reason(now))
		close(w.ready)
	}
}

// reason returns why a request cannot have a turn in time.
func (p *Pacer) reason(now time.Time) Reason {
	if now.Before(p.throttle.until) {
		return Paused
	}
	return Busy
}

// refuse returns the fault of a request that would have its turn too late, at the given
// time. Each rejected request is told a turn of its own, so that they do not all come
// back at the same time.
func (p *Pacer) refuse(now, at time.Time, reason Reason) error {
	p.promised = later(p.promised.Add(p.spacing()), at)
	if most := at.Add(maxRetryAfter); p.promised.After(most) {
		p.promised = most
	}
	if p.config.Events.Refused != nil {
		p.config.Events.Refused(reason)
	}
	what := "too many users need the tenant at the same time"
	if reason == Paused {
		what = "the tenant limits the number of requests"
	}
	return tooMany(what, p.promised.Sub(now), ErrNoTurn)
}

// tooMany returns a fault that callers see as status 429.
func tooMany(what string, retryAfter time.Duration, cause error) *fault.Error {
	return &fault.Error{
		Kind:       fault.Unavailable,
		What:       what,
		Fix:        "try again later",
		RetryAfter: max(retryAfter, time.Second),
		Err:        cause,
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
