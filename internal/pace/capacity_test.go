package pace_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/profilectl/profilectl/internal/pace"
)

// TestCapacityOfATenantIs22FirstEditsASecond confirms the arithmetic of docs/explanation/capacity.md: a
// first edit costs the tenant nine requests, of which one comes from the mid-tier.
func TestCapacityOfATenantIs22FirstEditsASecond(t *testing.T) {
	for _, c := range []struct {
		perSecond int
		fits      bool
	}{{22, true}, {23, false}} {
		synctest.Test(t, func(t *testing.T) {
			b := rate.NewLimiter(200, 200)
			replicas := []*client{ // each has an address for itself
				newClient(pace.Config{Rate: 19}, &tenant{limit: 20}),
				newClient(pace.Config{Rate: 19}, &tenant{limit: 20}),
			}
			var mu sync.Mutex
			rejected := 0
			edit := func(i int) {
				ok := true
				for _, cost := range []int{4, 1, 2, 1} { // sign-in, code, second factor, code
					ok = b.AllowN(time.Now(), cost) && ok
					time.Sleep(5 * time.Second) // the user types
				}
				replica := replicas[i%len(replicas)]
				err := replica.send(t.Context(), fmt.Sprint("user ", i), 15*time.Second)
				if ok = b.AllowN(time.Now(), 1) && ok; !ok || err != nil {
					mu.Lock()
					defer mu.Unlock()
					rejected++
				}
			}
			for i := range 60 * c.perSecond {
				replicas[0].group.Go(func() { edit(i) })
				time.Sleep(time.Second / time.Duration(c.perSecond))
			}
			replicas[0].group.Wait()
			if (rejected == 0) != c.fits {
				t.Errorf("%d first edits a second: %d of %d were rejected", c.perSecond, rejected, 60*c.perSecond)
			}
		})
	}
}

// TestCapacityOfAnAddressIsItsRate has a thousand users who arrive together and come back
// when they are told.
func TestCapacityOfAnAddressIsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 19}, &tenant{limit: 20})
		const users = 1000
		start := time.Now()
		var mu sync.Mutex
		tries := 0
		for i := range users {
			c.group.Go(func() {
				for {
					err := c.send(t.Context(), fmt.Sprint("user ", i), 15*time.Second)
					mu.Lock()
					tries++
					mu.Unlock()
					if err == nil {
						return
					}
					time.Sleep(time.Duration(math.Ceil(retryAfter(err).Seconds())) * time.Second)
				}
			})
		}
		c.group.Wait()
		took := time.Since(start).Seconds()
		t.Logf("%d users in %.1f s with %d requests; the tenant rejected %d", users, took, tries, c.tenant.rejected)
		if took > 1.1*users/19 || tries > 2*users || c.tenant.rejected > 0 {
			t.Errorf("took %.1f s and %d requests; the tenant rejected %d", took, tries, c.tenant.rejected)
		}
	})
}
