// Package probe decides whether a service accepts a credential, from the rejections that
// the traffic meets and from checks in the background.
//
// One rejection proves little: while a new secret spreads through the machines of a
// tenant, some of them still reject it. So a rejection in the traffic starts checks, and
// only several rejections in a row change the verdict. The checks continue until the
// credential is accepted, because a load balancer sends no traffic to a replica that is
// not ready.
package probe

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// toReject is the number of checks in a row that must be rejected before the
	// credential counts as rejected.
	toReject = 3
	// toAccept is the number of checks in a row that must be accepted before a rejected
	// credential counts as accepted.
	toAccept = 2
)

// Result is the result of a check.
type Result int

// The results. Unknown is the one of a check that did not reach the service.
const (
	Unknown Result = iota
	Accepted
	Rejected
)

// Config describes a Probe. All fields must be set.
type Config struct {
	// Check asks the service whether it accepts the credential. If it does not, Check
	// also returns why, for the log.
	Check func(context.Context) (result Result, reason string)
	// Interval is the time between two checks.
	Interval time.Duration
	// Timeout limits one check.
	Timeout time.Duration
	Log     *slog.Logger
}

// Probe holds the verdict on a credential. It is safe for concurrent use.
type Probe struct {
	config   Config
	rejected atomic.Bool
	running  atomic.Bool
	wake     chan struct{} // holds one element if the next check is due now
}

// New returns a Probe whose credential counts as accepted.
func New(c Config) *Probe { return &Probe{config: c, wake: make(chan struct{}, 1)} }

// Rejected reports whether the service rejects the credential.
func (p *Probe) Rejected() bool { return p.rejected.Load() }

// First checks the credential once. If it is rejected, it counts as rejected at once,
// because no traffic depends on it yet, and the checks continue in the background until
// ctx is done.
func (p *Probe) First(ctx context.Context) {
	if result, reason := p.check(ctx); result == Rejected {
		p.reject(reason)
		p.Suspect(ctx)
	}
}

// Suspect starts checks in the background, unless they are running: the service has
// rejected the credential of a request. The checks end with ctx.
func (p *Probe) Suspect(ctx context.Context) {
	if p.running.CompareAndSwap(false, true) {
		go p.run(ctx)
	}
}

// Recheck makes the next check now if checks are running: there is a new credential.
func (p *Probe) Recheck() {
	if !p.running.Load() {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run checks the credential until it is accepted or ctx is done.
func (p *Probe) run(ctx context.Context) {
	defer p.running.Store(false)
	for accepted, rejected := 0, 0; ; {
		result, reason := p.check(ctx)
		switch result {
		case Accepted:
			accepted, rejected = accepted+1, 0
		case Rejected:
			accepted, rejected = 0, rejected+1
		case Unknown: // leaves both counts as they are
		}
		switch {
		case rejected >= toReject && !p.rejected.Load():
			p.reject(reason)
		case accepted > 0 && !p.rejected.Load():
			return
		case accepted >= toAccept:
			p.rejected.Store(false)
			p.config.Log.Info("the tenant accepts the credential again; the mid-tier is ready")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-time.After(p.config.Interval):
		}
	}
}

// reject changes the verdict.
func (p *Probe) reject(reason string) {
	p.rejected.Store(true)
	p.config.Log.Error("the tenant rejects the credential; the mid-tier is not ready", "reason", reason)
}

func (p *Probe) check(ctx context.Context) (Result, string) {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	return p.config.Check(ctx)
}
