package pace

import "time"

// tick grants the turns that are due.
func (p *Pacer) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.schedule(time.Now())
}

// schedule grants the turns that are due, and sets the timer for the next one.
func (p *Pacer) schedule(now time.Time) {
	for len(p.queue.waiting) > 0 {
		at, ok := p.nextTurn(now)
		if !ok {
			break // its time is being reserved; that calls schedule again
		}
		if at.After(now) {
			p.timer.Reset(at.Sub(now))
			return
		}
		p.take(now, at)
		p.queue.pop()
	}
	p.timer.Stop()
}

// nextTurn returns the time of the next turn. It returns false if that is not known yet.
func (p *Pacer) nextTurn(now time.Time) (at time.Time, ok bool) {
	at = later(p.next, p.throttle.until)
	if p.share == nil {
		return at, true
	}
	slot, ok := p.share.slot(now, p.interval)
	if !ok {
		p.reserve()
	}
	return later(at, slot), ok
}

// take counts a turn that was due at a time. A turn that is granted late, because the
// process was busy, does not delay the next one, but only one turn is made up for.
func (p *Pacer) take(now, due time.Time) {
	p.next = later(due, now.Add(-p.interval)).Add(p.interval)
	if p.share != nil {
		p.share.take()
	}
}

// turn returns when the request at an index of the queue will have its turn.
func (p *Pacer) turn(now time.Time, i int) time.Time {
	first := later(later(p.next, p.throttle.until), now)
	if p.share != nil {
		if slot, ok := p.share.slot(now, p.interval); ok {
			first = later(first, slot)
		}
	}
	return first.Add(time.Duration(i) * p.spacing())
}

// spacing returns the time between the turns of this replica.
func (p *Pacer) spacing() time.Duration {
	if p.share == nil {
		return p.interval
	}
	return max(p.interval, p.share.spacing)
}

// charge counts a request that does not wait for its turn: the next one comes later.
func (p *Pacer) charge() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.interval == 0 {
		return
	}
	p.next = later(p.next, time.Now()).Add(p.interval)
	if p.share != nil {
		p.share.charge(p.interval)
	}
}
