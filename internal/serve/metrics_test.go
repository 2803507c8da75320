package serve_test

import (
	"context"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
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
	wait, err := strconv.Atoi(res.Header().Get("Retry-After"))
	if res.Code != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 20 ||
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

// TestMetricsStartAtZero compares the series of a new mid-tier with those after every
// outcome that a request can have.
func TestMetricsStartAtZero(t *testing.T) {
	w := newWorld(t)
	before := series(w.admin("/metrics"))
	w.post(howTo, w.strong)
	w.post(howTo, w.strong)
	w.post(howTo, w.weak)
	w.post(howTo, "")
	w.post(`{}`, w.strong)
	w.post(`{`, w.strong)
	w.post(`{"displayName":"`+strings.Repeat("x", 70<<10)+`"}`, w.strong)
	w.post(howTo, w.strong, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	gone, leave := context.WithCancel(t.Context())
	leave()
	w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(gone) })
	const disconnected = `profilectl_requests_total{outcome="canceled",route="POST /updateUserInfo",status="499"} 1`
	if text := w.admin("/metrics"); !strings.Contains(text, disconnected) {
		t.Errorf("the metrics lack %s", disconnected)
	}
	for _, refusal := range refusals() {
		for range 2 {
			w.tenant.FailNext(refusal)
		}
		w.post(howTo, w.strong)
		w.tenant.Recover()
	}
	w.checkNoNewSeries(t, before)
}

// TestMetricsOfPasswordChangesStartAtZero is TestMetricsStartAtZero for the other route whose
// failures raise an alert.
func TestMetricsOfPasswordChangesStartAtZero(t *testing.T) {
	w := newPasswordWorld(t)
	before := series(w.admin("/metrics"))
	wrong, right := twoPasswords("Wrong-Canary-1", newSecret), twoPasswords(w.tenant.Facts().Password, newSecret)
	w.changePassword(right, w.weak)
	w.changePassword(right, "")
	w.changePassword(`{`, w.strong)
	w.changePassword(strings.Repeat("x", 70<<10), w.strong)
	w.changePassword(right, w.strong, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	w.changePassword(wrong, w.strong)
	for _, fault := range []sandbox.Fault{
		{Part: "token", Status: 503},
		{Part: "graph", Status: 503},
		{Part: "graph", Reset: true},
	} {
		w.tenant.FailNext(fault)
		w.changePassword(right, w.strong)
		w.tenant.Recover()
	}
	w.changePassword(right, w.strong)
	w.changePassword(right, w.strong)
	w.checkNoNewSeries(t, before)
}

// checkNoNewSeries checks that no request created a series.
func (w *world) checkNoNewSeries(t *testing.T, before []string) {
	t.Helper()
	for _, line := range series(w.admin("/metrics")) {
		isHost := strings.HasPrefix(line, "profilectl_degraded") // known from the first request on
		if !slices.Contains(before, line) && !isHost {
			t.Errorf("a request creates %s", line)
		}
	}
}

// series returns the names and labels of the mid-tier's own series.
func series(metrics string) []string {
	var all []string
	for line := range strings.Lines(metrics) {
		if name, _, ok := strings.Cut(line, " "); ok && strings.HasPrefix(name, "profilectl_") {
			end := strings.LastIndex(line, " ")
			all = append(all, line[:end])
		}
	}
	return all
}

func TestMetricsDescribeTheBuildAndItsExpiries(t *testing.T) {
	expires := time.Date(2090, 5, 31, 0, 0, 0, 0, time.UTC)
	seconds := strconv.FormatFloat(float64(expires.Unix()), 'g', -1, 64)
	w := newWorld(t, func(s *serve.Settings) {
		s.Version, s.Revision = "1.2.3", "abc"
		s.Credential.SecretExpires = expires
		s.Attributes.Credential.SecretExpires = expires
	})
	text := w.admin("/metrics")
	for _, want := range []string{
		`profilectl_build_info{goversion="` + runtime.Version() + `",revision="abc",version="1.2.3"} 1`,
		`profilectl_expiry_timestamp_seconds{what="client secret"} ` + seconds,
		`profilectl_expiry_timestamp_seconds{what="attributes client secret"} ` + seconds,
		`profilectl_ready 1`,
		`profilectl_credential_rejected 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Count(text, "profilectl_expiry_timestamp_seconds{") != 2 {
		t.Error("the metrics have an expiry that is not known")
	}
	file := filepath.Join(t.TempDir(), "client.pem")
	writeClientCertificate(t, file, expires)
	w = newWorldOverTLS(t, func(s *serve.Settings) { s.Credential = serve.CredentialSettings{Certificate: file} })
	want := `profilectl_expiry_timestamp_seconds{what="client certificate"} ` + seconds
	if !strings.Contains(w.admin("/metrics"), want+"\n") {
		t.Errorf("the metrics lack %s", want)
	}
}

// TestLogHasErrorsForFailuresOnly: a rejected request, and one whose caller has
// disconnected, is no error of the mid-tier.
func TestLogHasErrorsForFailuresOnly(t *testing.T) {
	for _, c := range []struct {
		name, level string
		send        func(*world)
	}{
		{"an edit", "INFO", func(w *world) { w.post(howTo, w.strong) }},
		{"no token", "INFO", func(w *world) { w.post(howTo, "") }},
		{"an invalid value", "INFO", func(w *world) { w.post(`{}`, w.strong) }},
		{"a step-up", "INFO", func(w *world) { w.post(howTo, w.weak) }},
		{"a caller that has disconnected", "INFO", func(w *world) {
			gone, leave := context.WithCancel(t.Context())
			leave()
			w.post(howTo, w.strong, func(r *http.Request) { *r = *r.WithContext(gone) })
		}},
		{"a tenant that throttles", "INFO", func(w *world) {
			w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 429})
			w.post(howTo, w.strong)
		}},
		{"a failure of Graph", "ERROR", func(w *world) {
			w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 500})
			w.post(howTo, w.strong)
		}},
		{"a credential that is rejected", "ERROR", func(w *world) {
			w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 401, Body: `{"error":"invalid_client"}`})
			w.post(howTo, w.strong)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.send(w)
			for line := range strings.Lines(w.log.String()) {
				if strings.Contains(line, `"msg":"request"`) && !strings.Contains(line, `"level":"`+c.level+`"`) {
					t.Errorf("logged %s", line)
				}
			}
		})
	}
}
