package serve

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/shared"
)

// rates limits how often one user may be served. Users are known by their id,
// which a verified token holds: nobody can spend another's share.
type rates struct {
	perMinute int
	shared    *shared.Store // counts for all replicas; nil for none
	users     *bounded.Cache[*rate.Limiter]
}

// mostUsers is how many users are counted at once; who is forgotten starts
// afresh.
const mostUsers = 10_000

func newRates(perMinute int, all *shared.Store) *rates {
	return &rates{perMinute: perMinute, shared: all, users: bounded.New[*rate.Limiter](mostUsers)}
}

// wait returns how long a user has to wait; zero for not at all. Where the shared
// count cannot be had, this replica's own counts.
func (r *rates) wait(ctx context.Context, user string, now time.Time) time.Duration {
	if r.perMinute <= 0 {
		return 0
	}
	if r.shared != nil {
		if wait, ok := r.shared.Wait(ctx, user, r.perMinute); ok {
			return wait
		}
	}
	key := bounded.KeyOf(user)
	limiter, ok := r.users.Get(key, now)
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(float64(r.perMinute)/time.Minute.Seconds()), r.perMinute)
	}
	r.users.Put(key, limiter, now.Add(time.Minute))
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return time.Duration(missing / float64(limiter.Limit()) * float64(time.Second))
}

// tooMany turns a request away (RFC 6585, 4).
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	s.metrics.limited.Inc()
	s.refuse(w, r, http.StatusTooManyRequests, &fault.Error{
		Kind: fault.Unavailable, What: "too many changes in a short time", Fix: "try again in " + inSeconds(wait) + " seconds", RetryAfter: wait,
	})
}

// inSeconds writes a time as Retry-After wants it: whole seconds, one at least.
func inSeconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}
