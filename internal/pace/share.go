package pace

import (
	"context"
	"time"
)

// Share reserves turns for one of several replicas that reach the tenant from the same
// address. Its functions must be safe for concurrent use, and must not take long.
type Share struct {
	// Reserve reserves a number of turns at an interval. It returns false if the turns
	// of the replicas are not known at present.
	Reserve func(ctx context.Context, turns int, interval time.Duration) (Reservation, bool)
	// Pause lets no replica send a request for a time.
	Pause func(ctx context.Context, pause time.Duration)
}

// Reservation is a number of turns of a replica, one after the other.
type Reservation struct {
	Wait     time.Duration // until the first turn
	Paused   time.Duration // until the end of a pause; 0 if there is none
	Replicas int           // that have reserved turns lately, with this one
}

const (
	// unknownReplicas is the number of replicas that is assumed until it is known.
	unknownReplicas = 4
	// maxAhead is the longest wait for a reserved turn that is believed.
	maxAhead = time.Minute
	// maxLatency limits how many turns are reserved in advance if Reserve is slow.
	maxLatency = time.Second
	// smoothing is the weight of the last distance between turns, as a divisor.
	smoothing = 4
)

// sharing is the part of a Pacer that shares its turns.
type sharing struct {
	*Share
	slots    []time.Time   // reserved turns
	pending  bool          // more are being reserved
	latency  time.Duration // of the last reservation
	replicas int
	last     time.Time     // the last reserved turn
	spacing  time.Duration // between the turns of this replica while requests wait
}

// slot returns the next reserved turn. Turns that nobody used in time are gone: another
// replica has the next ones.
func (s *sharing) slot(now time.Time, interval time.Duration) (time.Time, bool) {
	const late = 2 // intervals
	for len(s.slots) > 0 && now.Sub(s.slots[0]) > late*interval {
		s.slots = s.slots[1:]
	}
	if len(s.slots) == 0 {
		return time.Time{}, false
	}
	return s.slots[0], true
}

// take uses the next reserved turn.
func (s *sharing) take() {
	if len(s.slots) > 0 {
		s.slots = s.slots[1:]
	}
}

// charge counts a request that did not wait for a turn.
func (s *sharing) charge(interval time.Duration) {
	go s.Reserve(context.Background(), 1, interval)
}

// pause lets the other replicas pause too.
func (s *sharing) pause(pause time.Duration) {
	go s.Pause(context.Background(), pause)
}

// reserve reserves turns in the background, for as many requests as will arrive until
// the next reservation.
func (p *Pacer) reserve() {
	s := p.share
	if s.pending {
		return
	}
	s.pending = true
	interval := p.interval
	turns := min(len(p.queue.waiting), 1+int(min(s.latency, maxLatency)/interval))
	go func() {
		start := time.Now()
		got, ok := s.Reserve(context.Background(), turns, interval)
		p.mu.Lock()
		defer p.mu.Unlock()
		now := time.Now()
		s.pending = false
		s.latency = now.Sub(start)
		p.reserved(now, got, ok, turns)
		p.refuseLate(now, 0)
		p.schedule(now)
	}()
}

// reserved adds the reserved turns. If the replicas do not know of each other, each
// takes its part of the rate.
func (p *Pacer) reserved(now time.Time, got Reservation, ok bool, turns int) {
	s := p.share
	if !ok || got.Wait < 0 || got.Wait > maxAhead+got.Paused || got.Paused > maxPause {
		apart := time.Duration(s.replicas-1) * p.interval // in addition to p.next's interval
		s.slots = append(s.slots, later(now, p.next.Add(apart)))
		s.spacing = time.Duration(s.replicas) * p.interval
		return
	}
	s.replicas = max(1, got.Replicas)
	if got.Paused > 0 {
		p.throttle.until = later(p.throttle.until, now.Add(got.Paused))
	}
	first := now.Add(got.Wait)
	p.learn(first, turns)
	for i := range turns {
		s.last = first.Add(time.Duration(i) * p.interval)
		s.slots = append(s.slots, s.last)
	}
}

// learn updates the distance between the turns of this replica. If all replicas have
// requests that wait, it is the interval times their number.
func (p *Pacer) learn(first time.Time, turns int) {
	s := p.share
	widest := time.Duration(s.replicas) * p.interval
	seen := first.Sub(s.last) / time.Duration(turns)
	seen = min(max(seen, p.interval), widest)
	s.spacing = min(max(s.spacing, p.interval), widest)
	s.spacing += (seen - s.spacing) / smoothing
}
