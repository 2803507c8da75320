package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// problem is what a refused caller reads.
type problem struct{ Detail, Fix string }

func TestFaultsOfEntraAndGraph(t *testing.T) {
	const (
		timeout = 4 * time.Second
		tenant  = "cannot exchange the access token: the tenant answered with HTTP status "
		broken  = "Microsoft Graph is out of order or overloaded (HTTP status "
	)
	for _, c := range []struct {
		name   string
		fault  sandbox.Fault
		times  int
		status int
		detail string // up to the host's name
		after  string // Retry-After
	}{
		{"Graph is throttled for a second", sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 1}, 1, 204, "", ""},
		{"Graph throttles without saying how long", sandbox.Fault{Part: "graph", Status: 429}, 1, 204, "", ""},
		{"Graph goes on throttling", sandbox.Fault{Part: "graph", Status: 429}, 3, 429, broken + "429)", "10"},
		{"Graph throttles for longer than there is time", sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 60}, 1, 429, broken + "429)", "60"},
		{"Graph fails", sandbox.Fault{Part: "graph", Status: 500}, 1, 503, broken + "500)", ""},
		{"Graph is out of order once", sandbox.Fault{Part: "graph", Status: 503}, 1, 204, "", ""},
		{"Graph is out of order", sandbox.Fault{Part: "graph", Status: 503}, 3, 503, broken + "503)", ""},
		{"Graph is out of order for a while, and says so", sandbox.Fault{Part: "graph", Status: 503, RetryAfter: 60}, 1, 503, broken + "503)", "60"},
		{"something before Graph gives up", sandbox.Fault{Part: "graph", Status: 504}, 3, 503, broken + "504)", ""},
		{"Graph breaks the connection once", sandbox.Fault{Part: "graph", Reset: true}, 1, 204, "", ""},
		{"Graph breaks every connection", sandbox.Fault{Part: "graph", Reset: true}, 3, 503, "cannot change the profile: localhost:", ""},
		{"Graph is slow", sandbox.Fault{Part: "graph", Delay: time.Minute}, 1, 504, "cannot change the profile: localhost:", ""},
		{"a proxy answers in the place of Graph", sandbox.Fault{Part: "graph", Status: 200, Body: "<html>Welcome"}, 1, 503, "what answered is not Microsoft Graph", ""},
		{"Graph's refusal is cut off", sandbox.Fault{Part: "graph", Status: 400, Body: `{"error":{"co`}, 1, 422, "Microsoft Graph refused a value", ""},

		{"the tenant throttles for a second", sandbox.Fault{Part: "token", Status: 429, RetryAfter: 1}, 1, 204, "", ""},
		{"the tenant throttles for longer than there is time", sandbox.Fault{Part: "token", Status: 429, RetryAfter: 60}, 1, 429, tenant + "429", "60"},
		{"the tenant goes on throttling", sandbox.Fault{Part: "token", Status: 429}, 3, 429, tenant + "429", "10"},
		{"the tenant fails", sandbox.Fault{Part: "token", Status: 500}, 1, 503, tenant + "500", ""},
		{"the tenant is out of order once", sandbox.Fault{Part: "token", Status: 503}, 1, 204, "", ""},
		{"the tenant is out of order", sandbox.Fault{Part: "token", Status: 503, Body: `{"error":"temporarily_unavailable"}`}, 3, 503, tenant + "503", ""},
		{"something before the tenant gives up", sandbox.Fault{Part: "token", Status: 504}, 3, 503, tenant + "504", ""},
		{"the tenant breaks the connection once", sandbox.Fault{Part: "token", Reset: true}, 1, 204, "", ""},
		{"the tenant breaks every connection", sandbox.Fault{Part: "token", Reset: true}, 3, 503, "cannot exchange the access token: localhost:", ""},
		{"the tenant is slow", sandbox.Fault{Part: "token", Delay: time.Minute}, 1, 504, "cannot exchange the access token: localhost:", ""},
		{"the tenant's answer is cut off", sandbox.Fault{Part: "token", Cut: true}, 1, 503, "cannot exchange the access token: the server broke the connection", ""},
		{"a proxy answers in the place of the tenant", sandbox.Fault{Part: "token", Status: 200, Body: "<html>Welcome"}, 1, 503, "cannot exchange the access token: the tenant's response cannot be read", ""},
		{"the tenant answers with half a document", sandbox.Fault{Part: "token", Status: 200, Body: `{"access_token":"ey`}, 1, 503, "cannot exchange the access token: the tenant's response cannot be read", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOverTLS(t, timeout)
			for range c.times {
				w.tenant.FailNext(c.fault)
			}
			res := w.post(howTo, w.strong)
			var p problem
			if err := json.Unmarshal(res.Body.Bytes(), &p); c.status != http.StatusNoContent && (err != nil || !strings.HasPrefix(p.Detail, c.detail) || p.Fix == "") {
				t.Errorf("got %s, want %q", res.Body, c.detail)
			}
			if res.Code != c.status || res.Header().Get("Retry-After") != c.after {
				t.Errorf("got %d %s, Retry-After %q; want %d, %q", res.Code, res.Body, res.Header().Get("Retry-After"), c.status, c.after)
			}
			w.tenant.Recover()
			if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
				t.Errorf("afterwards: got %d %s", res.Code, res.Body)
			}
		})
	}
}

func TestAHostThatOnlyFailsIsLeftAlone(t *testing.T) {
	w := newWorldOverTLS(t, 0)
	for range 60 {
		w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 500})
	}
	for i := 0; ; i++ {
		res := w.post(howTo, w.strong)
		if strings.Contains(res.Body.String(), "has failed many times in a row") {
			if res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") != "5" {
				t.Errorf("got %d, Retry-After %q", res.Code, res.Header().Get("Retry-After"))
			}
			break
		}
		if i > 30 {
			t.Fatal("Graph is asked again and again")
		}
	}
	before := w.upstreamCalls()
	w.post(howTo, w.strong)
	if w.upstreamCalls() != before {
		t.Error("Graph was asked although it is to be left alone")
	}
	if text := w.admin("/readyz?verbose"); !strings.Contains(text, "degraded: localhost:") || !strings.HasPrefix(text, "ready") {
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
			t.Fatal("Graph is left alone for ever")
		}
	}
	if text := w.admin("/readyz?verbose"); strings.Contains(text, "degraded") {
		t.Errorf("readyz still says %q", text)
	}
}

func TestATokenThatGraphDoesNotTakeAnyMoreIsExchangedAnew(t *testing.T) {
	w := newWorld(t, "")
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
	// The user is revoked as well: the tenant says so, and the caller hears it.
	if err := w.tenant.RevokeSessions(w.tenant.Facts().User); err != nil {
		t.Fatal(err)
	}
	w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: http.StatusUnauthorized})
	if res := w.post(howTo, w.strong); res.Code != http.StatusUnauthorized || res.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("a revoked user: got %d %s", res.Code, res.Body)
	}
}

func TestKeysThatRotateWhileTheirEndpointIsDown(t *testing.T) {
	w := newWorldOverTLS(t, 0)
	if err := w.tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // with every repetition
		w.tenant.FailNext(sandbox.Fault{Part: "keys", Status: 503})
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("a token of the old key: got %d %s", res.Code, res.Body)
	}
	w.signIn(t) // tokens of the new key
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("a token of the new key: got %d %s", res.Code, res.Body)
	}
}

func TestClocksThatDiffer(t *testing.T) {
	for by, status := range map[time.Duration]int{30 * time.Second: 204, -30 * time.Second: 204, 10 * time.Minute: 401, -2 * time.Hour: 401} {
		w := newWorld(t, "")
		w.tenant.FastForward(by)
		w.signIn(t)
		res := w.post(howTo, w.strong)
		if res.Code != status || status == 401 && !strings.Contains(res.Header().Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("the tenant's clock is %v ahead: got %d %s", by, res.Code, res.Body)
		}
	}
}

func TestACallerThatGoesAwayFailsNobodyElse(t *testing.T) {
	w := newWorldOverTLS(t, 0)
	w.tenant.FailNext(sandbox.Fault{Part: "token", Delay: 500 * time.Millisecond})
	gone, leave := context.WithCancel(t.Context())
	first, second := make(chan int, 1), make(chan int, 1)
	go func() {
		first <- w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(gone) }).Code
	}()
	for w.inFlight() < 1 {
		time.Sleep(time.Millisecond)
	}
	go func() { second <- w.post(howTo, w.strong).Code }()
	for w.inFlight() < 2 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if code := <-second; code != http.StatusNoContent {
		t.Errorf("the second caller got %d", code)
	}
	<-first
	if n := w.exchanges(); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}

// panicking stands for a bug in what a request goes through.
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

func TestAPanicIsAnAnswerAndTheNextRequestIsServed(t *testing.T) {
	armed := true
	w := newWorld(t, "", func(c *serve.Config) {
		client := *c.Graph.HTTP
		client.Transport = panicking{client.Transport, func(*http.Request) bool { return armed }}
		c.Graph = &graph.Client{Base: c.Graph.Base, HTTP: &client}
	})
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusInternalServerError || !strings.Contains(res.Body.String(), "something went wrong inside the mid-tier") {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if text := w.log.String(); !strings.Contains(text, "panic") || strings.Contains(text, "eyJ") {
		t.Errorf("the log says %s", text)
	}
	armed = false
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent || w.inFlight() != 0 {
		t.Errorf("afterwards: got %d %s; %d under way", res.Code, res.Body, w.inFlight())
	}
}

func TestALogThatCannotBeWrittenStopsNothing(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no full disk here") // only Linux has one
	}
	defer full.Close()
	w := newWorld(t, "", func(c *serve.Config) { c.Log = slog.New(slog.NewJSONHandler(full, nil)) })
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if res := w.post(howTo, ""); res.Code != http.StatusUnauthorized {
		t.Errorf("got %d %s", res.Code, bytes.TrimSpace(res.Body.Bytes()))
	}
}

func TestTooMuchAtOnceIsTurnedAway(t *testing.T) {
	w := newWorldOverTLS(t, 0, func(c *serve.Config) { c.Busy = 2 })
	w.tenant.FailNext(sandbox.Fault{Part: "token", Delay: time.Second})
	under := make(chan int, 2)
	for range cap(under) { // both wait for one exchange
		go func() { under <- w.post(howTo, w.strong).Code }()
	}
	for w.inFlight() < cap(under) {
		time.Sleep(time.Millisecond)
	}
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") != "1" || !strings.Contains(res.Body.String(), "the mid-tier is busy") {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	for range cap(under) {
		if code := <-under; code != http.StatusNoContent {
			t.Errorf("one that came first got %d", code)
		}
	}
}
