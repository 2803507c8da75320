package sts

import (
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The request limits of an external tenant, and what requests cost (learn.microsoft.com,
// "Service limits and restrictions" of external tenants). The device code endpoint is not
// listed; that it costs as much as the other endpoints is inferred.
const (
	limitAddress = 20  // requests a second from one IP address
	limitTenant  = 200 // requests a second

	costStatic = 1
	costSignIn = 4
	costSignUp = 6
	costReset  = 4
	costCode   = 2 // a one-time code by email, in addition
)

// limiter counts the requests to the tenant. The zero value is ready to use.
type limiter struct {
	mu        sync.Mutex
	tenant    *rate.Limiter
	addresses map[string]*rate.Limiter
}

// maxAddresses limits the number of addresses whose requests are counted.
const maxAddresses = 10_000

// take counts the cost of a request. If a limit would be exceeded, it counts nothing and
// returns how long to wait.
func (l *limiter) take(now time.Time, address string, cost int) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tenant == nil {
		l.tenant = rate.NewLimiter(limitTenant, limitTenant)
	}
	if l.addresses == nil || len(l.addresses) >= maxAddresses {
		l.addresses = map[string]*rate.Limiter{}
	}
	if l.addresses[address] == nil {
		l.addresses[address] = rate.NewLimiter(limitAddress, limitAddress)
	}
	all := l.tenant.ReserveN(now, cost)
	one := l.addresses[address].ReserveN(now, cost)
	if wait = max(all.DelayFrom(now), one.DelayFrom(now)); wait > 0 {
		all.CancelAt(now)
		one.CancelAt(now)
	}
	return wait
}

// refusal sends an error: as JSON, or on a page.
type refusal func(http.ResponseWriter, *http.Request, *entraError)

// limited wraps a handler whose requests have a cost.
func (s *STS) limited(cost int, refuse refusal, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.mayContinue(w, r, cost, refuse) {
			next(w, r)
		}
	}
}

// mayContinue counts the cost of a request. If a limit is exceeded, it sends an error with
// Retry-After and reports false.
func (s *STS) mayContinue(w http.ResponseWriter, r *http.Request, cost int, refuse refusal) bool {
	if !s.Limits {
		return true
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	wait := s.limits.take(s.Now(), address, cost)
	if wait <= 0 {
		return true
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	refuse(w, r, newError(aadstsThrottled).
		because("more requests than an external tenant allows from one address (%d a second) or in all (%d)",
			limitAddress, limitTenant))
	return false
}
