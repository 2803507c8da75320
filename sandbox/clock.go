package sandbox

import (
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

// clock is the state of the tenant's clock. Its zero value shows the time of
// Config.Clock.
type clock struct {
	skew   time.Duration // added to Config.Clock while the clock runs
	frozen time.Time     // what the clock shows while it is frozen; zero if it runs
}

// FastForward moves the tenant's clock forward, or back if d is negative. A frozen
// clock stays frozen.
func (t *Tenant) FastForward(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.move(d)
}

// SetClock sets the tenant's clock. A frozen clock stays frozen.
func (t *Tenant) SetClock(to time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.move(to.Sub(t.time()))
}

// FreezeClock stops the tenant's clock: from now on it changes only with
// FastForward and SetClock, so that nothing expires in between.
func (t *Tenant) FreezeClock() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock.frozen = t.time()
}

// ResetClock makes the tenant's clock run again and show the time of Config.Clock.
func (t *Tenant) ResetClock() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock = clock{}
}

// Clock returns what the tenant's clock shows.
func (t *Tenant) Clock() control.Clock {
	t.mu.Lock()
	defer t.mu.Unlock()
	unmoved := t.config.Clock()
	now := t.clock.at(unmoved)
	return control.Clock{
		Time:   now.UTC(),
		Offset: now.Sub(unmoved).Round(time.Second).String(),
		Frozen: !t.clock.frozen.IsZero(),
	}
}

// now returns the time by the tenant's clock.
func (t *Tenant) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.time()
}

// time returns the time by the tenant's clock. The caller must hold t.mu.
func (t *Tenant) time() time.Time { return t.clock.at(t.config.Clock()) }

// at returns what the clock shows at a time of Config.Clock.
func (c clock) at(unmoved time.Time) time.Time {
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return unmoved.Add(c.skew)
}

// move moves the clock by d. The caller must hold t.mu.
func (t *Tenant) move(d time.Duration) {
	if t.clock.frozen.IsZero() {
		t.clock.skew += d
		return
	}
	t.clock.frozen = t.clock.frozen.Add(d)
}
