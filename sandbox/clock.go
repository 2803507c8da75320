package sandbox

import "time"

// FastForward moves the tenant's clock forward, or back if d is negative.
func (t *Tenant) FastForward(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skew += d
}

// now returns the time by the tenant's clock.
func (t *Tenant) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.config.Clock().Add(t.skew)
}
