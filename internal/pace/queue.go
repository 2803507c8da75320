package pace

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// place is where a request stands in the queue.
type place struct {
	round int64 // requests of earlier rounds go first; each user has one request in a round
	seq   int64 // the order of arrival, which decides within a round; 0 is no place yet
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.round, other.round), cmp.Compare(p.seq, other.seq))
}

// waiter is a request that waits for its turn.
type waiter struct {
	place
	user   string
	latest time.Time     // the last time at which its turn is of use
	ready  chan struct{} // closed when it is its turn, or when err is set
	err    error         // why it never gets one
}

// queue orders requests so that their users take turns: the first request of each
// user goes before the second of any. It is start-time fair queueing with requests of
// equal size (Goyal, Vin and Cheng, 1996).
type queue struct {
	waiting []*waiter        // sorted by place
	last    map[string]int64 // the latest round of each user that still matters
	round   int64            // of the request that had the last turn
	seq     int64
}

// assign gives w a place behind the earlier requests of its user, if it has none yet. It
// returns w's index in the queue.
func (q *queue) assign(w *waiter) int {
	if w.seq == 0 {
		q.seq++
		w.place = place{round: q.round, seq: q.seq}
		if last, ok := q.last[w.user]; ok {
			w.round = max(q.round, last+1)
		}
	}
	i, _ := slices.BinarySearchFunc(q.waiting, w.place, func(w *waiter, p place) int { return w.compare(p) })
	return i
}

// insert adds w at the index that assign returned.
func (q *queue) insert(i int, w *waiter) {
	q.waiting = slices.Insert(q.waiting, i, w)
	q.last[w.user] = max(q.last[w.user], w.round)
}

// pop removes the first request, whose turn it is, and closes its channel.
func (q *queue) pop() {
	w := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	close(w.ready)
	if w.round > q.round {
		q.round = w.round
		maps.DeleteFunc(q.last, func(_ string, last int64) bool { return last < q.round })
	}
}

// forget forgets the turns that users have had. It is for times in which no user
// competes with another.
func (q *queue) forget() { clear(q.last) }

// remove removes a request without a turn. It reports whether w was in the queue. The
// place of w does not count against its user.
func (q *queue) remove(w *waiter) bool {
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	if q.last[w.user] > w.round {
		return true // a later request of the user waits, or had its turn
	}
	delete(q.last, w.user)
	for _, other := range q.waiting {
		if other.user == w.user {
			q.last[w.user] = max(q.last[w.user], other.round)
		}
	}
	return true
}
