package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
)

func TestOneUserCannotSendTooMany(t *testing.T) {
	w := newWorld(t, "", limited(3))
	for range 3 {
		if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
			t.Fatalf("got %d %s", res.Code, res.Body)
		}
	}
	before := w.upstreamCalls()
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusTooManyRequests || res.Header().Get("Retry-After") != "20" || !strings.Contains(res.Body.String(), "too many changes in a short time") {
		t.Errorf("got %d, Retry-After %q, %s", res.Code, res.Header().Get("Retry-After"), res.Body)
	}
	if res := w.post(howTo, w.weak); res.Code != http.StatusTooManyRequests {
		t.Errorf("with another token of the same user: got %d", res.Code)
	}
	if w.upstreamCalls() != before {
		t.Error("something upstream was called")
	}
}

// TestMetricsCountWhatHappened also makes sure that no caller's words are in
// them.
func TestMetricsCountWhatHappened(t *testing.T) {
	w := newWorld(t, "", limited(3))
	for range 2 {
		w.post(howTo, w.strong)
	}
	w.post(howTo, w.weak)
	w.post(howTo, "")
	w.post(howTo, w.strong)
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/made-up-by-a-caller", nil))
	res := httptest.NewRecorder()
	w.server.Admin().ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := res.Body.String()
	for _, want := range []string{
		`profilectl_requests_total{outcome="done",route="POST /updateUserInfo",status="204"} 2`,
		`profilectl_requests_total{outcome="step_up_required",route="POST /updateUserInfo",status="401"} 1`,
		`profilectl_requests_total{outcome="sign_in_required",route="POST /updateUserInfo",status="401"} 1`,
		`profilectl_requests_total{outcome="unavailable",route="POST /updateUserInfo",status="429"} 1`,
		`profilectl_requests_total{outcome="usage",route="/",status="404"} 1`,
		`profilectl_exchanges_total{result="made"} 1`, `profilectl_exchanges_total{result="cached"} 1`, `profilectl_exchanges_total{result="challenge"} 1`,
		`profilectl_upstream_seconds_count{call="exchange"} 2`, `profilectl_upstream_seconds_count{call="graph"} 2`, `profilectl_rate_limited_total 1`, `profilectl_requests_in_flight 0`, `profilectl_request_seconds_count{route="POST /updateUserInfo"} 5`, `process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(text, "made-up") || strings.Contains(text, w.tenant.Facts().User) {
		t.Error("a caller's words are in the metrics")
	}
	public := httptest.NewRecorder()
	w.handler.ServeHTTP(public, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if public.Code != http.StatusNotFound {
		t.Errorf("the public listener shows metrics: %d", public.Code)
	}
}

func TestTheProfilerIsThereOnlyWhenAskedFor(t *testing.T) {
	for _, on := range []bool{false, true} {
		w := newWorld(t, "", func(c *serve.Config) { c.Profiling = on })
		if got := strings.Contains(w.admin("/debug/pprof/"), "goroutine"); got != on {
			t.Errorf("asked for %v, there %v", on, got)
		}
		public := httptest.NewRecorder()
		w.handler.ServeHTTP(public, httptest.NewRequest(http.MethodGet, "/debug/pprof/", nil))
		if public.Code != http.StatusNotFound {
			t.Errorf("the public listener answers with %d", public.Code)
		}
	}
}
