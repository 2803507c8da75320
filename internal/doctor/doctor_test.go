package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

func passing(context.Context) Result { return ok("fine") }

func failing(context.Context) Result {
	return failed(&fault.Error{Kind: fault.Denied, What: "broken", Fix: "repair it"})
}

func TestRunSkipsWhatNeedsAFailedCheck(t *testing.T) {
	checks := []Check{
		{ID: "a", Run: passing},
		{ID: "b", Needs: []string{"a"}, Run: failing, Link: "https://example.com/b"},
		{ID: "c", Needs: []string{"a", "b"}, Run: passing},
		{ID: "d", Needs: []string{"c"}, Run: passing},
		{ID: "e", Needs: []string{"a"}, Run: func(context.Context) Result {
			return warning(&fault.Error{What: "odd", Fix: "look"})
		}},
		{ID: "f", Needs: []string{"e"}, Run: passing},
	}
	var reported []string
	results := Run(t.Context(), checks, time.Minute, func(r Result) { reported = append(reported, r.ID) })
	var got []string
	for _, r := range results {
		got = append(got, r.ID+" "+string(r.Status)+" "+r.Seen)
	}
	want := "a ok fine, b failed broken, c skipped needs b, d skipped needs c, e warning odd, f ok fine"
	if strings.Join(got, ", ") != want || strings.Join(reported, "") != "abcdef" {
		t.Errorf("got %q, reported %q", got, reported)
	}
	if results[1].Link == "" || results[1].Fault.Fix != "repair it" {
		t.Errorf("%+v", results[1])
	}
}

func TestRunLimitsEachCheck(t *testing.T) {
	slow := func(ctx context.Context) Result {
		<-ctx.Done()
		return failed(&fault.Error{Kind: fault.Unavailable, What: "too slow", Fix: "wait"})
	}
	results := Run(t.Context(), []Check{{ID: "slow", Run: slow}, {ID: "fast", Run: passing}},
		time.Millisecond, func(Result) {})
	if results[0].Status != Failed || results[1].Status != OK {
		t.Errorf("%+v", results)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Run(over, []Check{{ID: "late", Run: passing}}, time.Minute, func(Result) {})[0]; r.Status != Failed {
		t.Errorf("a check ran after the time for all: %+v", r)
	}
}

func TestOnlyAddsWhatACheckNeeds(t *testing.T) {
	checks := []Check{{ID: "a"}, {ID: "b"}, {ID: "c", Needs: []string{"a"}}, {ID: "d", Needs: []string{"c"}}}
	got, err := Only(checks, []string{"d"})
	if err != nil || len(got) != 3 || got[0].ID != "a" || got[1].ID != "c" || got[2].ID != "d" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Only(checks, []string{"x"}); fault.As(err).Kind != fault.Usage {
		t.Errorf("unknown id: %v", err)
	}
}

func TestRunUntilStopsWhenNothingFails(t *testing.T) {
	outcomes := [][]Result{{{ID: "a", Status: Failed}}, {{ID: "a", Status: Failed}}, {{ID: "a", Status: OK}}}
	runs, waits := 0, 0
	next := func(context.Context) []Result {
		runs++
		return outcomes[runs-1]
	}
	results := RunUntil(t.Context(), next, 0, time.Minute, func([]Result) { waits++ })
	if results[0].Status != OK || runs != 3 || waits != 2 {
		t.Errorf("%+v after %d runs and %d pauses", results, runs, waits)
	}
	runs = 0
	results = RunUntil(t.Context(), next, time.Minute, time.Nanosecond, func([]Result) {})
	if results[0].Status != Failed || runs != 1 {
		t.Errorf("%+v after %d runs; the time was over", results, runs)
	}
}

func TestClockIsComparedWithTheTenants(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		date time.Time
		want Status
	}{
		{"no date", time.Time{}, Skipped},
		{"the same", now.Add(2 * time.Second), OK},
		{"two minutes behind", now.Add(2 * time.Minute), Warning},
		{"ten minutes ahead", now.Add(-10 * time.Minute), Failed},
	} {
		e := &examination{date: c.date, received: now}
		if r := e.checkClock(t.Context()); r.Status != c.want {
			t.Errorf("%s: %+v, want %s", c.name, r, c.want)
		}
	}
}

func TestProxyIsNamedWithoutItsPassword(t *testing.T) {
	e := &examination{}
	e.form.Host, e.form.Tenant = "contoso.ciamlogin.com", "contoso.onmicrosoft.com"
	e.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://me:secret@proxy.example:3128") }
	if r := e.checkProxy(t.Context()); r.Status != OK || r.Seen != "the proxy http://proxy.example:3128" {
		t.Errorf("%+v", r)
	}
	e.Proxy = func(*http.Request) (*url.URL, error) { return nil, http.ErrNotSupported }
	if r := e.checkProxy(t.Context()); r.Status != Failed {
		t.Errorf("%+v", r)
	}
}

func TestMidTierIsJudgedByItsChallenge(t *testing.T) {
	for _, c := range []struct {
		name             string
		status           int
		header           string
		challenge, ready Status
	}{
		{"mid-tier", 401, "Bearer", OK, OK},
		{"gateway without the header", 401, "", Failed, OK},
		{"captive portal", 200, "", Failed, OK},
		{"not ready", 503, "", Skipped, Failed},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.header != "" {
				w.Header().Set("WWW-Authenticate", c.header)
			}
			w.WriteHeader(c.status)
		}))
		e := &examination{http: server.Client()}
		var err error
		if e.challenge, err = e.send(t.Context(), http.MethodPost, server.URL); err != nil {
			t.Fatal(err)
		}
		server.Close()
		if r := e.checkChallenge(t.Context()); r.Status != c.challenge {
			t.Errorf("%s: challenge %+v", c.name, r)
		}
		if r := e.checkReady(t.Context()); r.Status != c.ready {
			t.Errorf("%s: ready %+v", c.name, r)
		}
	}
}
