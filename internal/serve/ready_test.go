package serve_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// status returns the status of an admin route.
func (w *world) status(path string) int {
	res := httptest.NewRecorder()
	w.server.Admin().ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res.Code
}

// becomes waits until GET /readyz has a status.
func (w *world) becomes(t *testing.T, status int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); w.status("/readyz") != status; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the status of /readyz does not become %d: %s", status, w.log)
		}
	}
}

// rejectCredential makes the tenant reject the credential of the mid-tier a number of times.
func (w *world) rejectCredential(times int) {
	for range times {
		w.tenant.FailNext(sandbox.Fault{
			Part:   "token",
			Status: http.StatusUnauthorized,
			Body:   `{"error":"invalid_client","error_codes":[7000222]}`,
		})
	}
}

func probing(s *serve.Settings) { s.ProbeInterval = 5 * time.Millisecond }

func TestReadinessFailsWhileTheTenantRejectsTheCredential(t *testing.T) {
	w := newWorld(t, probing)
	if w.status("/readyz") != http.StatusOK {
		t.Fatalf("not ready at the start: %s", w.log)
	}
	w.rejectCredential(10_000)
	if res := w.post(howTo, w.strong); res.Code != http.StatusBadGateway {
		t.Errorf("got %d", res.Code)
	}
	w.becomes(t, http.StatusServiceUnavailable)
	text := w.admin("/metrics")
	if !strings.Contains(text, "\nprofilectl_credential_rejected 1\n") ||
		!strings.Contains(text, "\nprofilectl_ready 0\n") || w.status("/healthz") != http.StatusOK {
		t.Errorf("healthz %d, metrics %s", w.status("/healthz"), text)
	}
	w.tenant.Recover()
	w.becomes(t, http.StatusOK)
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("afterwards: got %d", res.Code)
	}
	log := w.log.String()
	if strings.Count(log, "the tenant rejects the credential; the mid-tier is not ready") != 1 ||
		strings.Count(log, "the tenant accepts the credential again; the mid-tier is ready") != 1 {
		t.Errorf("the log says %s", log)
	}
}

func TestReadinessSurvivesASingleRejectionOfTheCredential(t *testing.T) {
	w := newWorld(t, probing)
	w.rejectCredential(1)
	if res := w.post(howTo, w.strong); res.Code != http.StatusBadGateway {
		t.Errorf("got %d", res.Code)
	}
	for range 50 {
		if w.status("/readyz") != http.StatusOK {
			t.Fatalf("not ready after one rejection: %s", w.log)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestReadinessFailsAtTheStartIfTheCredentialIsRejected(t *testing.T) {
	w := newWorld(t, probing, func(s *serve.Settings) { s.Credential.Secret = "wrong" })
	if w.status("/readyz") != http.StatusServiceUnavailable || w.status("/healthz") != http.StatusOK {
		t.Errorf("readyz %d, healthz %d", w.status("/readyz"), w.status("/healthz"))
	}
	if log := w.log.String(); !strings.Contains(log, `"level":"ERROR","msg":"the tenant rejects the credential`) {
		t.Errorf("the log says %s", log)
	}
}
