package pace_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/pace"
)

func TestPacerPausesUntilTheTenantAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			answers []string
			sent    string // when the request arrives, in seconds
		}{
			"seconds":                         {[]string{"7"}, "0 7"},
			"a date":                          {[]string{"in 30s"}, "0 30"},
			"no Retry-After":                  {[]string{"-"}, "0 1"},
			"no Retry-After, twice":           {[]string{"-", "-"}, "0 1 3"},
			"zero":                            {[]string{"0", "0"}, "0 1 3"},
			"a negative number":               {[]string{"-5"}, "0 1"},
			"a number beyond 64 bits":         {[]string{"99999999999999999999"}, "0 300"},
			"a date in the past":              {[]string{"in -1h"}, "0 1"},
			"garbage":                         {[]string{"soon"}, "0 1"},
			"ten years":                       {[]string{"315360000"}, "0 300"},
			"a date in ten years":             {[]string{"in 87600h"}, "0 300"},
			"none, then success, then none":   {[]string{"-", "200", "-"}, "0 1"},
			"Retry-After, then none":          {[]string{"5", "-"}, "0 5 6"},
			"three times, which is the limit": {[]string{"2", "2", "2"}, "0 2 4"},
		} {
			client := newClient(pace.Config{Rate: 10}, &tenant{answers: c.answers})
			start := time.Now()
			err := client.send(t.Context(), "ada", 10*time.Minute)
			got := ""
			for _, at := range client.tenant.since(start) {
				got += fmt.Sprint(" ", at.Seconds())
			}
			if got != " "+c.sent {
				t.Errorf("%s: sent at%s, want %s", name, got, c.sent)
			}
			if len(c.answers) < 3 && err != nil || len(c.answers) == 3 && c.answers[2] == "2" && !isRefused(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPacerPausesLongerWhileTheTenantNamesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{answers: []string{
			"-", "-", "-", "-", "-", "-", "-", "-", "200", "-",
		}})
		start := time.Now()
		for range 4 { // each is sent up to three times
			_ = c.send(t.Context(), "ada", 10*time.Minute)
		}
		want := []float64{0, 1, 3, 7, 15, 31, 63, 95, 127, 127.1, 128.1}
		for i, at := range c.tenant.since(start) {
			if at.Seconds() != want[i] {
				t.Errorf("request %d was sent after %v s, want %v", i, at.Seconds(), want[i])
			}
		}
	})
}

// TestPacerResumesOneByOneAfterAPause checks that the requests that waited for the end of
// a pause do not arrive together.
func TestPacerResumesOneByOneAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 10}, &tenant{answers: []string{"5"}, limit: 10})
		start := time.Now()
		for i := range 20 {
			c.begin(t, fmt.Sprint("user ", i), time.Minute, succeeds)
		}
		c.group.Wait()
		sent := c.tenant.since(start)
		if len(sent) != 21 || c.tenant.accepted()[0] != "user 0" {
			t.Fatalf("%d requests; the first was of %s", len(sent), c.tenant.accepted()[0])
		}
		for i, at := range sent[1:] {
			if want := 5*time.Second + time.Duration(i)*100*time.Millisecond; at != want {
				t.Errorf("request %d was sent after %v, want %v", i, at, want)
			}
		}
	})
}

// TestPacerPausesOnceForRequestsInFlight checks that several rejections of the same moment
// do not double the pause.
func TestPacerPausesOnceForRequestsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(pace.Config{Rate: 1000}, &tenant{
			answers: []string{"-", "-", "-", "-", "-"},
			delay:   50 * time.Millisecond,
		})
		start := time.Now()
		for i := range 5 {
			c.group.Go(func() {
				if err := c.send(t.Context(), fmt.Sprint("user ", i), time.Minute); err != nil {
					t.Error(err)
				}
			})
		}
		c.group.Wait()
		// The responses arrive 50 to 54 ms after the start. The pause ends a second after the
		// last, and the requests are sent again one after the other.
		if took := time.Since(start); took != time.Second+54*time.Millisecond+54*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestPacerRefusesThoseWhoCannotWaitForThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reasons []pace.Reason
		throttled := 0
		c := newClient(pace.Config{Rate: 1, Events: pace.Events{
			Refused:   func(r pace.Reason) { reasons = append(reasons, r) },
			Throttled: func() { throttled++ },
		}}, &tenant{answers: []string{"200", "60"}})
		c.begin(t, "first", 15*time.Second, succeeds)
		start := time.Now()
		c.begin(t, "throttled", 15*time.Second, isRefused)
		c.begin(t, "behind it", 15*time.Second, isRefused)
		c.begin(t, "patient", 2*time.Minute, succeeds)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(reasons, throttled, c.pacer.Waiting()); got != "[paused paused] 1 1" {
			t.Errorf("got %s", got)
		}
		err := c.send(t.Context(), "new", 15*time.Second)
		if !isRefused(err) || retryAfter(err) < 60*time.Second || retryAfter(err) > 65*time.Second {
			t.Errorf("got %v with Retry-After %v", err, retryAfter(err))
		}
		c.group.Wait()
		if took := time.Since(start); took != 61*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestPacerReturnsTheResponseOfTheTenantIfItIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttled := 0
		c := newClient(pace.Config{Events: pace.Events{Throttled: func() { throttled++ }}},
			&tenant{answers: []string{"60", "200"}})
		start := time.Now()
		if err := c.send(t.Context(), "ada", time.Minute); err == nil || err.Error() != "HTTP status 429" {
			t.Errorf("got %v", err)
		}
		if err := c.send(t.Context(), "ada", time.Minute); err != nil || time.Since(start) > 0 || throttled != 1 {
			t.Errorf("got %v after %v; %d throttled", err, time.Since(start), throttled)
		}
	})
}
