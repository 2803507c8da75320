package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// paced sets a number of exchanges a second.
func paced(perSecond int, changes ...func(*serve.Settings)) func(*serve.Settings) {
	return func(s *serve.Settings) {
		s.ExchangeRate = perSecond
		for _, change := range changes {
			change(s)
		}
	}
}

// metric returns the value of a metric without labels, or -1.
func (w *world) metric(name string) float64 {
	_, rest, _ := strings.Cut(w.admin("/metrics"), "\n"+name+" ")
	text, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1
	}
	return value
}

// awaitQueue waits until a number of requests wait for their turn.
func (w *world) awaitQueue(t *testing.T, count float64) {
	t.Helper()
	w.await(t, "a queue", func() bool { return w.metric("profilectl_exchange_queue_length") == count })
}

// throttle makes the tenant reject the next exchange for some seconds.
func (w *world) throttle(seconds int) {
	w.tenant.FailNext(sandbox.Fault{Part: "token", Status: http.StatusTooManyRequests, RetryAfter: seconds})
}

func TestUpdateWaitsForItsTurnWithoutASlot(t *testing.T) {
	w := newWorld(t, paced(1000, func(s *serve.Settings) { s.MaxInFlight = 1 }))
	cached, waiting := w.strong, w.token(t, w.tenant.Facts().EditScope)
	if code := w.post(howTo, cached).Code; code != http.StatusNoContent {
		t.Fatalf("got %d", code)
	}
	w.throttle(2)
	start := time.Now()
	var group sync.WaitGroup
	for range 3 { // one of them makes the exchange for all
		group.Go(func() {
			if res := w.post(howTo, waiting); res.Code != http.StatusNoContent {
				t.Errorf("got %d %s", res.Code, res.Body)
			}
		})
		w.awaitQueue(t, 1)
		// the request joins the one that waits
		w.await(t, "the end of a slot", func() bool { return w.inFlight() == 0 })
	}
	if res := w.post(howTo, cached); res.Code != http.StatusNoContent || time.Since(start) > 2*time.Second {
		t.Errorf("a user with a cached exchange: %d %s after %v", res.Code, res.Body, time.Since(start))
	}
	if ready := w.admin("/readyz"); ready != "ready\n" {
		t.Errorf("readyz says %q", ready)
	}
	group.Wait()
	if took := time.Since(start); took < 2*time.Second || w.exchanges() != 2 { // without the rejected one
		t.Errorf("%d exchanges in %v", w.exchanges(), took)
	}
	if got := w.metric("profilectl_tenant_throttled_total"); got != 1 {
		t.Errorf("%v throttled", got)
	}
	text := w.admin("/metrics")
	for _, line := range []string{
		`profilectl_exchanges_total{result="merged"} 2`,
		`profilectl_exchange_wait_seconds_count 3`, // one request had two turns
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if !strings.Contains(w.log.String(), `"wait_ms":2`) {
		t.Errorf("the log does not have the time of the wait: %s", w.log)
	}
}

func TestUpdateRejectsAtOnceWhatCannotHaveATurn(t *testing.T) {
	w := newWorld(t, paced(10, func(s *serve.Settings) { s.Timeout = 5 * time.Second }))
	w.throttle(60)
	for range 2 { // the request that the tenant rejected, and one after it
		start := time.Now()
		res := w.post(howTo, w.strong)
		after, err := strconv.Atoi(res.Header().Get("Retry-After"))
		if res.Code != http.StatusTooManyRequests || err != nil || after < 55 || after > 62 ||
			time.Since(start) > 3*time.Second {
			t.Errorf("got %d with Retry-After %d after %v: %s", res.Code, after, time.Since(start), res.Body)
		}
	}
	if !strings.Contains(w.admin("/metrics"), `profilectl_exchange_refused_total{reason="paused"} 2`) {
		t.Error("the metrics do not count them")
	}
	if w.exchanges() != 0 {
		t.Errorf("%d exchanges", w.exchanges())
	}
}

func TestUpdateLeavesTheQueueWhenItsCallersDisconnect(t *testing.T) {
	w := newWorld(t, paced(10))
	w.throttle(5)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(ctx) })
		})
	}
	w.awaitQueue(t, 1)
	cancel()
	group.Wait()
	if got := w.metric("profilectl_exchange_queue_length"); got != 0 || w.exchanges() != 0 {
		t.Errorf("%v wait; %d exchanges", got, w.exchanges())
	}
}

func TestReloadChangesTheRateOfExchanges(t *testing.T) {
	w := newWorld(t, paced(1))
	other := w.token(t, w.tenant.Facts().EditScope)
	w.post(howTo, w.strong)
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- w.post(howTo, other) }()
	w.awaitQueue(t, 1)
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	if res := <-done; res.Code != http.StatusNoContent {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
}

func TestOpenNeedsACacheToShareAnEgressAddress(t *testing.T) {
	_, err := serve.Open(t.Context(), serve.Settings{
		Authority:  "contoso",
		ClientID:   "66666666-7777-8888-9999-000000000000",
		Credential: serve.CredentialSettings{Secret: "secret"},
		Egress:     "nat-1",
	}, nil)
	if f := fault.As(err); f.Kind != fault.Usage || !strings.Contains(f.What, "egress address") {
		t.Errorf("got %v", err)
	}
}
