package probe_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/probe"
)

const interval = 10 * time.Second

// service answers the checks in turn; the last answer repeats.
type service struct {
	results []probe.Result
	checks  int
}

func (s *service) check(context.Context) (probe.Result, string) {
	s.checks++
	result := s.results[0]
	if len(s.results) > 1 {
		s.results = s.results[1:]
	}
	return result, "a reason"
}

func newProbe(s *service) (*probe.Probe, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return probe.New(probe.Config{
		Check:    s.check,
		Interval: interval,
		Timeout:  time.Second,
		Log:      slog.New(slog.NewTextHandler(log, nil)),
	}), log
}

func TestProbeChangesItsVerdictOnlyAfterSeveralChecks(t *testing.T) {
	const (
		a = probe.Accepted
		r = probe.Rejected
		u = probe.Unknown
	)
	for _, c := range []struct {
		name     string
		results  []probe.Result
		verdicts string // after each check: '-' accepted, 'x' rejected; then the checks end
		lines    int    // of the log
	}{
		{"one rejection", []probe.Result{a}, "-", 0},
		{"a secret that spreads", []probe.Result{r, r, a}, "---", 0},
		{"rejected, then accepted", []probe.Result{r, r, r, a, a}, "--xx-", 2},
		{"rejected and accepted in turn", []probe.Result{r, r, r, a, r, a, r, a, a}, "--xxxxxx-", 2},
		{"an unreachable tenant", []probe.Result{u, r, u, r, u, a}, "------", 0},
		{"unreachable while rejected", []probe.Result{r, r, r, u, a, u, a}, "--xxxx-", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{results: c.results}
				p, log := newProbe(s)
				p.Suspect(t.Context())
				got := ""
				for range len(c.verdicts) {
					synctest.Wait()
					got += map[bool]string{false: "-", true: "x"}[p.Rejected()]
					time.Sleep(interval)
				}
				time.Sleep(10 * interval)
				if got != c.verdicts || s.checks != len(c.verdicts) || strings.Count(log.String(), "\n") != c.lines {
					t.Errorf("verdicts %s, want %s; %d checks; the log says %s", got, c.verdicts, s.checks, log)
				}
			})
		})
	}
}

func TestProbeRejectsAtOnceAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{results: []probe.Result{probe.Rejected, probe.Rejected, probe.Accepted}}
		p, log := newProbe(s)
		p.First(t.Context())
		if !p.Rejected() || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("a credential that is rejected at the start counts as accepted: %s", log)
		}
		synctest.Wait()
		start := time.Now()
		p.Recheck() // a new credential does not wait for the interval
		synctest.Wait()
		p.Recheck()
		synctest.Wait()
		if p.Rejected() || time.Since(start) != 0 {
			t.Errorf("rejected %v after %v", p.Rejected(), time.Since(start))
		}
		p.First(t.Context())
		if p.Rejected() || s.checks != 5 {
			t.Errorf("rejected %v after %d checks", p.Rejected(), s.checks)
		}
	})
}

func TestProbeRunsOnceAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{results: []probe.Result{probe.Rejected}}
		p, _ := newProbe(s)
		ctx, stop := context.WithCancel(t.Context())
		p.Suspect(ctx)
		synctest.Wait()
		p.Suspect(ctx)
		synctest.Wait()
		if s.checks != 1 {
			t.Errorf("%d checks, want one: they run already", s.checks)
		}
		stop()
		synctest.Wait()
		before := s.checks
		time.Sleep(10 * interval)
		if s.checks != before {
			t.Error("the checks continue")
		}
	})
}
