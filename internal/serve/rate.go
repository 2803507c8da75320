package serve

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/shared"
)

// rates limits the requests of each user. Users are identified by the id in their
// verified token, so no user can use up the limit of another.
type rates struct {
	perMinute int
	shared    *shared.Store // counts for all replicas; nil without a shared cache
	users     *bounded.Cache[*rate.Limiter]
}

// maxUsers is the number of users that are counted at the same time. A user who is
// evicted starts again with the full limit.
const maxUsers = 10_000

func newRates(perMinute int, store *shared.Store) *rates {
	return &rates{
		perMinute: perMinute,
		shared:    store,
		users:     bounded.New[*rate.Limiter](maxUsers),
	}
}

// wait returns how long a user has to wait before the next request; zero is not at
// all. If the shared count is unavailable, this replica's own count applies.
func (r *rates) wait(ctx context.Context, user string, now time.Time) time.Duration {
	if r.perMinute <= 0 {
		return 0
	}
	if r.shared != nil {
		if wait, ok := r.shared.Wait(ctx, user, r.perMinute); ok {
			return wait
		}
	}
	limiter := r.users.Renew(bounded.KeyOf(user), now, now.Add(time.Minute), func() *rate.Limiter {
		return rate.NewLimiter(rate.Limit(float64(r.perMinute)/time.Minute.Seconds()), r.perMinute)
	})
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return time.Duration(missing / float64(limiter.Limit()) * float64(time.Second))
}
