package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// seat is the place of a request among those in flight. A request that waits for its turn
// at the tenant leaves its place to others meanwhile.
type seat struct {
	server *Server
	taken  bool
	waited time.Duration // without the place, in all
}

type seatKey struct{}

// seatOf returns the seat of a request's context.
func seatOf(ctx context.Context) *seat {
	s, _ := ctx.Value(seatKey{}).(*seat)
	return s
}

// limitInFlight rejects requests while MaxInFlight others are in flight. A queue
// would only let them time out later.
func (s *Server) limitInFlight(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
			taken := &seat{server: s, taken: true}
			defer taken.leave()
			next(w, r.WithContext(context.WithValue(r.Context(), seatKey{}, taken)))
		default:
			s.reject(w, r, http.StatusServiceUnavailable, &fault.Error{
				Kind:       fault.Unavailable,
				What:       "the mid-tier is busy",
				Fix:        "try again in a second",
				RetryAfter: time.Second,
			})
		}
	}
}

// leave gives up the place.
func (s *seat) leave() {
	if s.taken {
		s.taken = false
		<-s.server.slots
	}
}

// idle gives up the place until the returned function is called, which waits for a place
// to be free. If too many requests wait without a place, this one keeps its own.
func (s *seat) idle(ctx context.Context) (resume func()) {
	start := time.Now()
	waiting := s.server.waiting.Add(1)
	if waiting <= int64(s.server.settings.MaxWaiting) {
		s.leave()
	}
	return func() {
		defer func() { s.waited += time.Since(start) }()
		s.server.waiting.Add(-1)
		if s.taken {
			return
		}
		select {
		case s.server.slots <- struct{}{}:
			s.taken = true
		case <-ctx.Done(): // what follows fails at once
		}
	}
}
