package serve_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
)

// rate limits the requests of one user in a minute.
func rate(perMinute int) func(*serve.Settings) {
	return func(s *serve.Settings) { s.Rate = perMinute }
}

func TestUpdateLimitsTheRateOfAUser(t *testing.T) {
	w := newWorld(t, rate(3))
	for range 3 {
		if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
			t.Fatalf("got %d %s", res.Code, res.Body)
		}
	}
	before := w.upstreamCalls()
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusTooManyRequests || res.Header().Get("Retry-After") != "20" ||
		!strings.Contains(res.Body.String(), "too many changes in a short time") {
		t.Errorf("got %d, Retry-After %q, %s", res.Code, res.Header().Get("Retry-After"), res.Body)
	}
	if res := w.post(howTo, w.weak); res.Code != http.StatusTooManyRequests {
		t.Errorf("with another token of the same user: got %d", res.Code)
	}
	if w.upstreamCalls() != before {
		t.Error("a rejected request went upstream")
	}
}

func TestMetricsCountRequestsAndExchanges(t *testing.T) {
	w := newWorld(t, rate(3))
	for range 2 {
		w.post(howTo, w.strong)
	}
	w.post(howTo, w.weak)
	w.post(howTo, "")
	w.post(howTo, w.strong)
	w.get("/made-up-by-a-caller")
	text := w.admin("/metrics")
	for _, want := range []string{
		`profilectl_requests_total{outcome="done",route="POST /updateUserInfo",status="204"} 2`,
		`profilectl_requests_total{outcome="step_up_required",route="POST /updateUserInfo",status="401"} 1`,
		`profilectl_requests_total{outcome="sign_in_required",route="POST /updateUserInfo",status="401"} 1`,
		`profilectl_requests_total{outcome="unavailable",route="POST /updateUserInfo",status="429"} 1`,
		`profilectl_requests_total{outcome="usage",route="/",status="404"} 1`,
		`profilectl_exchanges_total{result="made"} 1`,
		`profilectl_exchanges_total{result="cached"} 1`,
		`profilectl_exchanges_total{result="challenge"} 1`,
		`profilectl_upstream_seconds_count{call="exchange"} 2`,
		`profilectl_upstream_seconds_count{call="graph"} 2`,
		`profilectl_rate_limited_total 1`,
		`profilectl_requests_in_flight 0`,
		`profilectl_request_seconds_count{route="POST /updateUserInfo"} 5`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, "made-up") || strings.Contains(text, w.tenant.Facts().User) {
		t.Error("the metrics hold text that a caller sent")
	}
	if res := w.get("/metrics"); res.Code != http.StatusNotFound {
		t.Errorf("the public routes have metrics: %d", res.Code)
	}
}

// TestMetricsCountAResponseWithoutWriteHeaderAs200 covers a handler that only
// writes a body.
func TestMetricsCountAResponseWithoutWriteHeaderAs200(t *testing.T) {
	w := newWorld(t)
	w.get("/openapi.yaml")
	const want = `profilectl_requests_total{outcome="done",route="GET /openapi.yaml",status="200"} 1`
	if text := w.admin("/metrics"); !strings.Contains(text, want) {
		t.Errorf("the metrics lack %s", want)
	}
	if text := w.log.String(); !strings.Contains(text, `"route":"GET /openapi.yaml","status":200`) {
		t.Errorf("the log says %s", text)
	}
}

func TestAdminHasTheProfilerOnlyIfConfigured(t *testing.T) {
	for _, on := range []bool{false, true} {
		w := newWorld(t, func(s *serve.Settings) { s.Profiling = on })
		if got := strings.Contains(w.admin("/debug/pprof/"), "goroutine"); got != on {
			t.Errorf("configured %v, present %v", on, got)
		}
		if res := w.get("/debug/pprof/"); res.Code != http.StatusNotFound {
			t.Errorf("the public routes have it: %d", res.Code)
		}
	}
}
