package serve_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

func TestUpdateStopsCallingAFailingHost(t *testing.T) {
	w := newWorldOverTLS(t)
	for range 60 {
		w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 500})
	}
	for i := 0; ; i++ {
		res := w.post(howTo, w.strong)
		if strings.Contains(res.Body.String(), "has failed many times in a row") {
			after := res.Header().Get("Retry-After")
			if res.Code != http.StatusServiceUnavailable || after != "5" {
				t.Errorf("got %d, Retry-After %q", res.Code, after)
			}
			break
		}
		if i > 30 {
			t.Fatal("Graph is called again and again")
		}
	}
	before := w.upstreamCalls()
	w.post(howTo, w.strong)
	if w.upstreamCalls() != before {
		t.Error("Graph was called although its circuit is open")
	}
	text := w.admin("/readyz?verbose")
	if !strings.Contains(text, "degraded: localhost:") || !strings.HasPrefix(text, "ready") {
		t.Errorf("readyz says %q", text)
	}
	if text := w.admin("/metrics"); !strings.Contains(text, `profilectl_degraded{part="localhost:`) {
		t.Error("the metrics do not show it")
	}
	w.tenant.Recover()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res := w.post(howTo, w.strong); res.Code == http.StatusNoContent {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the circuit stays open")
		}
	}
	if text := w.admin("/readyz?verbose"); strings.Contains(text, "degraded") {
		t.Errorf("readyz still says %q", text)
	}
}

func TestUpdateExchangesAgainWhenGraphRejectsACachedToken(t *testing.T) {
	w := newWorld(t)
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: http.StatusUnauthorized})
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("a revoked token: got %d %s", res.Code, res.Body)
	}
	if n := w.exchanges(); n != 2 {
		t.Errorf("%d exchanges", n)
	}
}

func TestUpdateExchangesAgainAfterGraphRejectedANewToken(t *testing.T) {
	w := newWorld(t)
	w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: http.StatusUnauthorized})
	if res := w.post(howTo, w.strong); res.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	before := w.exchanges()
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if n := w.exchanges() - before; n != 1 {
		t.Errorf("%d exchanges, so the rejected token was used again", n)
	}
}

func TestUpdateSurvivesKeyRotationDuringAnOutage(t *testing.T) {
	w := newWorldOverTLS(t)
	if err := w.tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first request and its retries
		w.tenant.FailNext(sandbox.Fault{Part: "keys", Status: 503})
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("a token of the old key: got %d %s", res.Code, res.Body)
	}
	w.signIn(t) // acquires tokens of the new key
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("a token of the new key: got %d %s", res.Code, res.Body)
	}
}

func TestUpdateToleratesAMinuteOfClockSkew(t *testing.T) {
	for skew, status := range map[time.Duration]int{
		30 * time.Second:  204,
		-30 * time.Second: 204,
		10 * time.Minute:  401,
		-2 * time.Hour:    401,
	} {
		w := newWorld(t)
		w.tenant.FastForward(skew)
		w.signIn(t)
		res := w.post(howTo, w.strong)
		header := res.Header().Get("WWW-Authenticate")
		if res.Code != status || status == 401 && !strings.Contains(header, "invalid_token") {
			t.Errorf("the tenant's clock is %v ahead: got %d %s", skew, res.Code, res.Body)
		}
	}
}

func TestUpdateContinuesWhenTheFirstCallerDisconnects(t *testing.T) {
	// A caller that waits for the exchange of another keeps its place, so that it is seen.
	w := newWorldOverTLS(t, func(s *serve.Settings) { s.MaxWaiting = -1 })
	w.tenant.FailNext(sandbox.Fault{Part: "token", Delay: 2 * time.Second})
	ctx, disconnect := context.WithCancel(t.Context())
	first, second := make(chan int, 1), make(chan int, 1)
	go func() {
		first <- w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(ctx) }).Code
	}()
	w.await(t, "the first request", func() bool { return w.inFlight() == 1 })
	go func() { second <- w.post(howTo, w.strong).Code }()
	w.await(t, "the second request", func() bool { return w.inFlight() == 2 })
	disconnect()
	if code := <-second; code != http.StatusNoContent {
		t.Errorf("the second caller got %d", code)
	}
	<-first
	if n := w.exchanges(); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}

// TestUpdateCallerWhoWaitsForAnotherDisconnects is about the one who does not make the
// exchange.
func TestUpdateCallerWhoWaitsForAnotherDisconnects(t *testing.T) {
	w := newWorldOverTLS(t, func(s *serve.Settings) { s.MaxWaiting = -1 })
	w.tenant.FailNext(sandbox.Fault{Part: "token", Delay: 2 * time.Second})
	ctx, disconnect := context.WithCancel(t.Context())
	first, second := make(chan int, 1), make(chan int, 1)
	go func() { first <- w.post(howTo, w.strong).Code }()
	w.await(t, "the first request", func() bool { return w.inFlight() == 1 })
	go func() {
		second <- w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(ctx) }).Code
	}()
	w.await(t, "the second request", func() bool { return w.inFlight() == 2 })
	disconnect()
	if code := <-second; code != 499 {
		t.Errorf("the second caller got %d", code)
	}
	if code := <-first; code != http.StatusNoContent {
		t.Errorf("the first caller got %d", code)
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), "\nprofilectl_exchanges_total{result=\"failed\"} 0\n") {
		t.Error("the metrics have a failed exchange")
	}
}

// panicking is a transport that panics, like a bug somewhere in a request's way.
type panicking struct {
	next http.RoundTripper
	when func(*http.Request) bool
}

func (p panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.when(r) {
		panic("a bug, with " + r.Header.Get("Authorization"))
	}
	return p.next.RoundTrip(r)
}

func TestUpdateRespondsAfterAPanic(t *testing.T) {
	armed := true
	w := newWorld(t, func(s *serve.Settings) {
		client := *s.HTTP
		client.Transport = panicking{client.Transport, func(r *http.Request) bool {
			return armed && r.Method == http.MethodPatch
		}}
		s.HTTP = &client
	})
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusInternalServerError ||
		!strings.Contains(res.Body.String(), "something went wrong inside the mid-tier") {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if text := w.log.String(); !strings.Contains(text, "panic") || strings.Contains(text, "eyJ") {
		t.Errorf("the log says %s", text)
	}
	armed = false
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent || w.inFlight() != 0 {
		t.Errorf("afterwards: got %d %s; %d in flight", res.Code, res.Body, w.inFlight())
	}
}

func TestUpdateWorksWithoutAWritableLog(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full") // only Linux has one
	}
	defer full.Close()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{tenant: tenant, client: tenant.Client()}
	w.open(t, full, func(s *serve.Settings) { s.HTTP = w.client })
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if res := w.post(howTo, ""); res.Code != http.StatusUnauthorized {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
}

func TestUpdateRejectsRequestsBeyondTheInFlightLimit(t *testing.T) {
	w := newWorldOverTLS(t, func(s *serve.Settings) { s.MaxInFlight = 2 })
	w.post(howTo, w.strong) // so that the others need no exchange
	accepted := make(chan int, 2)
	for range cap(accepted) {
		w.tenant.FailNext(sandbox.Fault{Part: "graph", Delay: 2 * time.Second})
		go func() { accepted <- w.post(howTo, w.strong).Code }()
	}
	w.await(t, "both requests", func() bool { return w.inFlight() == cap(accepted) })
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") != "1" ||
		!strings.Contains(res.Body.String(), "the mid-tier is busy") {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	for range cap(accepted) {
		if code := <-accepted; code != http.StatusNoContent {
			t.Errorf("an accepted request got %d", code)
		}
	}
}
