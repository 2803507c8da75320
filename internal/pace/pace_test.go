package pace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/pace"
)

func TestPacerSpacesRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{})
		start := time.Now()
		for range 3 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		c.group.Wait()
		time.Sleep(time.Hour) // turns that nobody used do not add up
		late := time.Now()
		for range 2 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		c.group.Wait()
		const apart = 100 * time.Millisecond
		want := []time.Duration{0, apart, 2 * apart, late.Sub(start), late.Sub(start) + apart}
		for i, at := range c.tenant.since(start) {
			if at != want[i] {
				t.Errorf("request %d was sent after %v", i, at)
			}
		}
	})
}

func TestPacerStaysBelowTheLimitOfAnySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 19}, &tenant{limit: 20})
		start := time.Now()
		const length = 20 * time.Second
		for i := range 20 * 60 { // three times the limit
			time.Sleep(time.Second / 60)
			c.group.Go(func() { _ = c.send(t.Context(), fmt.Sprint("user ", i), 15*time.Second) })
		}
		c.group.Wait()
		took := time.Since(start)
		if c.tenant.rejected > 0 {
			t.Errorf("%d of %d requests were rejected", c.tenant.rejected, len(c.tenant.sent))
		}
		if least := int(took.Seconds() * 19 * 0.98); len(c.tenant.accepted()) < least || took < length {
			t.Errorf("%d requests in %v", len(c.tenant.accepted()), took)
		}
	})
}

func TestPacerLetsUsersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{})
		for range 5 {
			c.begin(t, "hog", time.Minute, succeeds)
		}
		for range 2 {
			c.begin(t, "ada", time.Minute, succeeds)
			c.begin(t, "bob", time.Minute, succeeds)
		}
		c.group.Wait()
		const want = "hog ada bob hog ada bob hog hog hog"
		if got := strings.Join(c.tenant.accepted(), " "); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

// TestPacerServesUsersAlikeUnderOverload has one user who sends as much as all others.
func TestPacerServesUsersAlikeUnderOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 20}, &tenant{})
		const users, length = 30, 60 // seconds
		end := time.Now().Add(length * time.Second)
		keepSending := func(user string, every time.Duration) {
			for time.Now().Before(end) {
				c.group.Go(func() { _ = c.send(t.Context(), user, 15*time.Second) })
				time.Sleep(every)
			}
		}
		for i := range users {
			c.group.Go(func() { keepSending(fmt.Sprint("user ", i), time.Second) })
		}
		c.group.Go(func() { keepSending("hog", time.Second/users) })
		time.Sleep(length * time.Second)
		all, served := c.tenant.accepted(), map[string]int{} // before the queue empties
		for _, user := range all {
			served[user]++
		}
		share := len(all) / (users + 1)
		for i := range users {
			if got := served[fmt.Sprint("user ", i)]; got < share*9/10 {
				t.Errorf("user %d was served %d times; an equal share is %d", i, got, share)
			}
		}
		if served["hog"] > share*11/10 {
			t.Errorf("the busiest user was served %d times; an equal share is %d", served["hog"], share)
		}
		c.group.Wait()
	})
}

func TestPacerRefusesAtOnceWhatItCannotServeInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		for i := range 6 { // turns now and after one to five seconds
			c.begin(t, fmt.Sprint("user ", i), 10*time.Second, succeeds)
		}
		start := time.Now()
		// The turn is after six seconds, and a request needs two more.
		err := c.send(t.Context(), "late", 7*time.Second)
		if !isRefused(err) || retryAfter(err) != 6*time.Second || time.Since(start) > 0 {
			t.Errorf("got %v with Retry-After %v after %v", err, retryAfter(err), time.Since(start))
		}
		// The turns of those who were rejected are not promised again.
		if err := c.send(t.Context(), "later", 7*time.Second); retryAfter(err) != 7*time.Second {
			t.Errorf("the next one: Retry-After %v", retryAfter(err))
		}
		if c.begin(t, "in time", 8*time.Second, succeeds); c.pacer.Waiting() != 6 {
			t.Errorf("%d wait", c.pacer.Waiting())
		}
		c.group.Wait()
	})
}

// TestPacerRefusesThoseWhomOthersPushBack has a user whose last requests wait behind
// those of others who arrive later.
func TestPacerRefusesThoseWhomOthersPushBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		for range 4 {
			c.begin(t, "hog", 10*time.Second, succeeds)
		}
		start := time.Now()
		c.begin(t, "hog", 6*time.Second, func(err error) bool { return isRefused(err) && time.Since(start) == 0 })
		c.begin(t, "ada", 10*time.Second, succeeds)
		c.group.Wait()
	})
}

func TestPacerRefusesBeyondTheLengthOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reasons []pace.Reason
		note := func(r pace.Reason) { reasons = append(reasons, r) }
		c := newClient(pace.Config{Rate: 1, MaxWaiting: 2, Events: pace.Events{Refused: note}}, &tenant{})
		for range 3 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		err := c.send(t.Context(), "bob", time.Minute)
		if !isRefused(err) || retryAfter(err) != 3*time.Second || fmt.Sprint(reasons) != "[full]" {
			t.Errorf("got %v with Retry-After %v, %v", err, retryAfter(err), reasons)
		}
		c.group.Wait()
	})
}

func TestPacerKeepsTurnsForThoseWhoStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		canceled, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		start := time.Now()
		c.begin(t, "first", time.Minute, succeeds)
		c.group.Go(func() {
			if err := c.send(canceled, "canceled", time.Minute); !errors.Is(err, context.Canceled) {
				t.Errorf("canceled: %v", err)
			}
		})
		c.group.Go(func() {
			if err := c.sendAs(t.Context(), pace.Caller{User: "gone", Gone: gone}); !errors.Is(err, pace.ErrGone) {
				t.Errorf("gone: %v", err)
			}
		})
		synctest.Wait()
		c.begin(t, "last", time.Minute, succeeds)
		time.Sleep(time.Second / 2)
		cancel()
		close(gone)
		c.group.Wait()
		if took := time.Since(start); took != time.Second || len(c.tenant.sent) != 2 {
			t.Errorf("%d requests in %v", len(c.tenant.sent), took)
		}
		// A request that is canceled before it starts takes no turn either.
		if err := c.send(canceled, "canceled", time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled before: %v", err)
		}
		time.Sleep(time.Second)
		before := time.Now()
		_ = c.send(canceled, "canceled", time.Minute)
		if err := c.send(t.Context(), "ada", time.Minute); err != nil || time.Since(before) > 0 {
			t.Errorf("after a canceled one: %v after %v", err, time.Since(before))
		}
	})
}

func TestPacerForgetsThePlacesOfRequestsThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		canceled, cancel := context.WithCancel(t.Context())
		for i := range 3 {
			c.begin(t, fmt.Sprint("user ", i), time.Minute, succeeds)
			c.begin(t, fmt.Sprint("user ", i), time.Minute, succeeds)
		}
		for range 20 {
			c.group.Go(func() { _ = c.send(canceled, "ada", time.Minute) })
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		c.begin(t, "ada", time.Minute, succeeds)
		c.group.Wait()
		const want = "user 0 user 1 user 2 ada user 0 user 1 user 2"
		if got := strings.Join(c.tenant.accepted(), " "); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestPacerCountsRequestsWithoutACaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{})
		start := time.Now()
		c.begin(t, "ada", time.Minute, succeeds)
		c.begin(t, "bob", time.Minute, succeeds)
		for range 2 { // such as discovery and keys
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://tenant.example", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.http.Do(req); err != nil || time.Since(start) > 0 {
				t.Errorf("got %v after %v", err, time.Since(start))
			}
		}
		c.group.Wait()
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("the last request was sent after %v", took)
		}
	})
}

func TestPacerGivesRequestsThatCannotBeSentNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace.New(pace.Config{Rate: 1})
		skipped := true
		all := &tenant{}
		c := &client{pacer: p, tenant: all, http: &http.Client{
			Transport: p.Transport(all, func(*http.Request) bool { return skipped }),
		}}
		start := time.Now()
		for range 3 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		skipped = false
		c.begin(t, "ada", time.Minute, succeeds)
		c.group.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestPacerGivesUpSlotsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		c.begin(t, "ada", time.Minute, succeeds) // takes the turn that is free
		var events []string
		caller := pace.Caller{User: "bob", Idle: func() func() {
			events = append(events, fmt.Sprint("idle with ", len(c.tenant.accepted()), " sent"))
			return func() { events = append(events, fmt.Sprint("resumed with ", len(c.tenant.accepted()), " sent")) }
		}}
		if err := c.sendAs(t.Context(), caller); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(events, ", "); got != "idle with 1 sent, resumed with 1 sent" {
			t.Errorf("got %s", got)
		}
	})
}

func TestPacerChangesItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1}, &tenant{})
		start := time.Now()
		for range 4 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		c.pacer.SetRate(10)
		time.Sleep(150 * time.Millisecond)
		if got := len(c.tenant.since(start)); got != 2 {
			t.Errorf("%d requests were sent", got)
		}
		c.pacer.SetRate(0)
		c.group.Wait()
		if took := time.Since(start); took != 150*time.Millisecond {
			t.Errorf("took %v", took)
		}
		c.pacer.SetRate(1)
		for range 2 {
			c.begin(t, "ada", time.Minute, succeeds)
		}
		c.group.Wait()
		if took := time.Since(start); took != 2150*time.Millisecond {
			t.Errorf("after it was turned on again: %v", took)
		}
	})
}

func TestPacerRefusesWhatALowerRateCannotServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{})
		for range 3 {
			c.begin(t, "ada", 5*time.Second, succeeds)
		}
		c.begin(t, "ada", 3*time.Second, isRefused)
		c.pacer.SetRate(1)
		c.group.Wait()
	})
}

func TestPacerLogsPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newClient(pace.Config{Rate: 10, Log: slog.New(slog.NewTextHandler(&log, nil))},
			&tenant{answers: []string{"7"}})
		c.begin(t, "ada", time.Minute, succeeds)
		c.group.Wait()
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "pause_ms=7000") {
			t.Errorf("got %s", got)
		}
	})
}

// TestPacerLogsNoPauseIfItIsOff: requests that are not paced do not pause.
func TestPacerLogsNoPauseIfItIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newClient(pace.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, &tenant{answers: []string{"7"}})
		start := time.Now()
		for range 2 {
			_ = c.send(t.Context(), "ada", time.Minute) // the tenant rejects the first one
		}
		if got := c.tenant.since(start); len(got) != 2 || got[1] != 0 || log.Len() > 0 {
			t.Errorf("sent after %v, and the log says %s", got, &log)
		}
	})
}
