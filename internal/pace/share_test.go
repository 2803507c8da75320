package pace_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/pace"
)

// address is an egress address whose turns replicas reserve, as Redis keeps them.
type address struct {
	mu      sync.Mutex
	next    time.Time
	paused  time.Time
	latency time.Duration // of a reservation
	down    bool
	lie     *pace.Reservation // returned instead of the truth
}

func (a *address) share(replicas int) *pace.Share {
	return &pace.Share{
		Reserve: func(_ context.Context, turns int, interval time.Duration) (pace.Reservation, bool) {
			time.Sleep(a.latency)
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.down {
				return pace.Reservation{}, false
			}
			if a.lie != nil {
				return *a.lie, true
			}
			now := time.Now()
			first := now
			for _, t := range []time.Time{a.next, a.paused} {
				if t.After(first) {
					first = t
				}
			}
			a.next = first.Add(time.Duration(turns) * interval)
			return pace.Reservation{
				Wait:     first.Sub(now),
				Paused:   max(0, a.paused.Sub(now)),
				Replicas: replicas,
			}, true
		},
		Pause: func(_ context.Context, d time.Duration) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.paused = time.Now().Add(d)
		},
	}
}

// overload sends twice the rate to each replica for a time, and waits for the end.
func overload(t *testing.T, length time.Duration, perSecond int, replicas ...*client) {
	t.Helper()
	start := time.Now()
	for i := 0; time.Since(start) < length; i++ {
		for _, c := range replicas {
			c.group.Go(func() { _ = c.send(t.Context(), fmt.Sprint("user ", i%50), 10*time.Second) })
		}
		time.Sleep(time.Second / time.Duration(2*perSecond))
	}
	synctest.Wait()
}

func TestPacerSharesTheTurnsOfAnAddress(t *testing.T) {
	for name, latency := range map[string]time.Duration{
		"a fast Redis": time.Millisecond, "a slow Redis": 120 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rate, length = 19, 20 * time.Second
				all := &tenant{limit: 20}
				a := &address{latency: latency}
				one := newClient(pace.Config{Rate: rate, Share: a.share(2)}, all)
				two := newClient(pace.Config{Rate: rate, Share: a.share(2)}, all)
				var served [2]int
				start := time.Now()
				for i := 0; time.Since(start) < length; i++ {
					for r, c := range []*client{one, two} {
						c.group.Go(func() {
							err := c.send(t.Context(), fmt.Sprint("user ", i%50), 10*time.Second)
							if err == nil && time.Since(start) < length {
								all.mu.Lock()
								defer all.mu.Unlock()
								served[r]++
							}
						})
					}
					time.Sleep(time.Second / rate)
				}
				one.group.Wait()
				two.group.Wait()
				if all.rejected > 0 {
					t.Errorf("%d requests were rejected", all.rejected)
				}
				for r, got := range served {
					if share := rate * int(length.Seconds()) / 2; got < share*9/10 {
						t.Errorf("replica %d was served %d times; its share is %d", r, got, share)
					}
				}
			})
		})
	}
}

func TestPacerLearnsOfThePausesOfOtherReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &address{}
		one := newClient(pace.Config{Rate: 10, Share: a.share(2)}, &tenant{answers: []string{"5"}})
		two := newClient(pace.Config{Rate: 10, Share: a.share(2)}, &tenant{})
		start := time.Now()
		one.begin(t, "ada", time.Minute, succeeds)
		two.begin(t, "bob", time.Minute, succeeds)
		two.begin(t, "eve", 6*time.Second, isRefused)
		one.group.Wait()
		two.group.Wait()
		if at := two.tenant.since(start); len(at) != 1 || at[0] < 5*time.Second {
			t.Errorf("the other replica sent requests at %v", at)
		}
	})
}

// TestPacerUsesItsPartOfTheRateWithoutRedis covers a Redis that is gone, and one whose
// answers cannot be true.
func TestPacerUsesItsPartOfTheRateWithoutRedis(t *testing.T) {
	for name, broken := range map[string]func(*address){
		"gone":               func(a *address) { a.down = true },
		"a turn in a year":   func(a *address) { a.lie = &pace.Reservation{Wait: 8760 * time.Hour, Replicas: 2} },
		"a pause for a year": func(a *address) { a.lie = &pace.Reservation{Paused: 8760 * time.Hour, Replicas: 2} },
		"a negative wait":    func(a *address) { a.lie = &pace.Reservation{Wait: -time.Hour, Replicas: 2} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &address{}
				c := newClient(pace.Config{Rate: 20, Share: a.share(2)}, &tenant{})
				served := func(length time.Duration) int {
					before := len(c.tenant.accepted())
					overload(t, length, 20, c)
					return len(c.tenant.accepted()) - before
				}
				if got := served(10 * time.Second); got < 190 || got > 202 {
					t.Errorf("with Redis: %d requests in 10 s", got)
				}
				a.mu.Lock()
				broken(a)
				a.mu.Unlock()
				if got := served(10 * time.Second); got < 95 || got > 106 {
					t.Errorf("without Redis: %d requests in 10 s", got)
				}
				a.mu.Lock()
				a.down, a.lie = false, nil
				a.mu.Unlock()
				if got := served(10 * time.Second); got < 190 || got > 202 {
					t.Errorf("with Redis again: %d requests in 10 s", got)
				}
				c.group.Wait()
			})
		})
	}
}

func TestPacerAssumesFourReplicasUntilItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 20, Share: (&address{down: true}).share(0)}, &tenant{})
		overload(t, 10*time.Second, 20, c)
		if got := len(c.tenant.accepted()); got < 48 || got > 52 {
			t.Errorf("%d requests in 10 s", got)
		}
		c.group.Wait()
	})
}

// TestPacerIsNeverFasterThanItsRate has a Redis that grants every turn at once.
func TestPacerIsNeverFasterThanItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &address{lie: &pace.Reservation{Replicas: 1}}
		c := newClient(pace.Config{Rate: 20, Share: a.share(1)}, &tenant{})
		overload(t, 10*time.Second, 20, c)
		if got := len(c.tenant.accepted()); got < 195 || got > 202 {
			t.Errorf("%d requests in 10 s", got)
		}
		c.group.Wait()
	})
}
