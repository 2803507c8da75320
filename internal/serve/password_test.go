package serve_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const newSecret = "New-Canary-42"

// newPasswordWorld returns a mid-tier that lets users change their password.
func newPasswordWorld(t *testing.T, changes ...func(*serve.Settings)) *world {
	t.Helper()
	allow := func(s *serve.Settings) { s.AllowPasswordChange = true }
	return newWorld(t, append([]func(*serve.Settings){allow}, changes...)...)
}

// changePassword sends a body to the route.
func (w *world) changePassword(body, token string, changes ...func(*http.Request)) *httptest.ResponseRecorder {
	toRoute := func(r *http.Request) { r.URL.Path = "/changePassword" }
	return w.post(body, token, append([]func(*http.Request){toRoute}, changes...)...)
}

func twoPasswords(current, next string) string {
	return fmt.Sprintf(`{"currentPassword":%q,"newPassword":%q}`, current, next)
}

func TestPasswordChanges(t *testing.T) {
	w := newPasswordWorld(t)
	res := w.changePassword(twoPasswords(w.tenant.Facts().Password, newSecret), w.strong)
	if res.Code != http.StatusNoContent || res.Body.Len() != 0 {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if got := w.tenant.Facts().Password; got != newSecret {
		t.Errorf("the password is %q", got)
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("an edit after it: got %d %s", res.Code, res.Body)
	}
}

func TestPasswordRouteNeedsTheSetting(t *testing.T) {
	w := newWorld(t)
	old := w.tenant.Facts().Password
	if res := w.changePassword(twoPasswords(old, newSecret), w.strong); res.Code != http.StatusNotFound {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if w.tenant.Facts().Password != old || w.upstreamCalls() != 0 {
		t.Error("something was sent")
	}
}

func TestPasswordRouteNeedsATokenAndASecondFactor(t *testing.T) {
	w := newPasswordWorld(t)
	old := w.tenant.Facts().Password
	for name, token := range map[string]string{"none": "", "for Graph": w.graph, "weak": w.weak} {
		res := w.changePassword(twoPasswords(old, newSecret), token)
		if res.Code != http.StatusUnauthorized || res.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: got %d %v", name, res.Code, res.Header())
		}
	}
	if w.tenant.Facts().Password != old {
		t.Error("the password changed")
	}
}

func TestPasswordBodiesAreStrict(t *testing.T) {
	w := newPasswordWorld(t)
	old := w.tenant.Facts().Password
	calls := w.upstreamCalls()
	for name, row := range map[string]struct {
		body   string
		status int
	}{
		"another user":        {`{"currentPassword":"a","newPassword":"b","userId":"c"}`, 400},
		"duplicates":          {`{"currentPassword":"a","newPassword":"b","newPassword":"c"}`, 400},
		"a number":            {`{"currentPassword":"a","newPassword":1}`, 400},
		"a control character": {twoPasswords(old, "New-Canary\x00-42"), 400}, // \x00 is no escape of JSON
		"an escaped one":      {`{"currentPassword":"a","newPassword":"New-Canary\u0007"}`, 422},
		"half a surrogate":    {`{"currentPassword":"a","newPassword":"New-Canary\udc00"}`, 422},
		"257 characters":      {twoPasswords(old, strings.Repeat("a", 257)), 422},
		"the same":            {twoPasswords(old, old), 422},
		"empty":               {twoPasswords(old, ""), 422},
		"too large":           {twoPasswords(old, strings.Repeat("a", 70_000)), 413},
	} {
		if res := w.changePassword(row.body, w.strong); res.Code != row.status {
			t.Errorf("%s: got %d %s, want %d", name, res.Code, res.Body, row.status)
		}
	}
	if w.upstreamCalls() != calls {
		t.Error("an invalid body was sent on")
	}
}

func TestPasswordsThatGraphRejects(t *testing.T) {
	w := newPasswordWorld(t)
	old := w.tenant.Facts().Password
	for name, body := range map[string]string{
		"a wrong current one": twoPasswords("Wrong-Canary-1", newSecret),
		"a banned one":        twoPasswords(old, "P@ssw0rd1!"),
		"a weak one":          twoPasswords(old, "abcdefgh"),
	} {
		res := w.changePassword(body, w.strong)
		p := readProblem(t, res)
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(p.Detail, "current password is wrong, or") ||
			!strings.Contains(p.Fix, "8 to 256") {
			t.Errorf("%s: got %d %+v", name, res.Code, p)
		}
	}
	if w.tenant.Facts().Password != old {
		t.Error("the password changed")
	}
}

func TestPasswordAttemptsAreLimited(t *testing.T) {
	w := newPasswordWorld(t)
	body := twoPasswords("Wrong-Canary-1", newSecret)
	for range 5 {
		if res := w.changePassword(body, w.strong); res.Code != http.StatusUnprocessableEntity {
			t.Fatalf("got %d %s", res.Code, res.Body)
		}
	}
	if res := w.changePassword(body, w.strong); res.Code != 429 || res.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("an edit: got %d %s", res.Code, res.Body)
	}
}

// TestPasswordIsSentOnce uses a client that repeats requests which are safe to repeat.
func TestPasswordIsSentOnce(t *testing.T) {
	client, err := upstream.New(upstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	retries := func(s *serve.Settings) {
		tenant := s.HTTP.Transport
		s.HTTP = upstream.BelowRetries(client, func(http.RoundTripper) http.RoundTripper { return tenant })
	}
	for name, f := range map[string]sandbox.Fault{
		"out of order": {Part: "graph", Status: 503},
		"throttled":    {Part: "graph", Status: 429, RetryAfter: 1},
		"reset":        {Part: "graph", Reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newPasswordWorld(t, retries)
			old := w.tenant.Facts().Password
			before := w.graphCalls()
			w.tenant.FailNext(f)
			res := w.changePassword(twoPasswords(old, newSecret), w.strong)
			if res.Code < 429 {
				t.Errorf("got %d %s", res.Code, res.Body)
			}
			if n := w.graphCalls() - before; n != 1 {
				t.Errorf("Graph was called %d times", n)
			}
			p := readProblem(t, res)
			if unknown := strings.Contains(p.Detail, "may have changed"); unknown != (name != "throttled") {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// TestPasswordThatDidNotChangeIsNotDoubted has failures after which it is certain that
// Graph did not change the password.
func TestPasswordThatDidNotChangeIsNotDoubted(t *testing.T) {
	for name, c := range map[string]struct {
		away    error
		fault   sandbox.Fault
		outcome string
	}{
		"nothing was sent":        {away: &net.OpError{Op: "dial", Err: errors.New("refused")}, outcome: "failed"},
		"Graph rejects the token": {fault: sandbox.Fault{Part: "graph", Status: 401}, outcome: "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			audit := filepath.Join(t.TempDir(), "audit.log")
			w := newPasswordWorld(t, func(s *serve.Settings) {
				s.AuditLog = audit
				tenant := s.HTTP.Transport
				s.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if c.away != nil && strings.HasSuffix(r.URL.Path, "/changePassword") {
						return nil, c.away
					}
					return tenant.RoundTrip(r)
				})}
			})
			if c.fault.Part != "" {
				w.tenant.FailNext(c.fault)
			}
			res := w.changePassword(twoPasswords(w.tenant.Facts().Password, newSecret), w.strong)
			p := readProblem(t, res)
			if res.Code != http.StatusServiceUnavailable || strings.Contains(p.Detail, "may have changed") {
				t.Errorf("got %d %+v", res.Code, p)
			}
			written, err := os.ReadFile(audit)
			if err != nil || !strings.Contains(string(written), `"outcome":"`+c.outcome+`"`) {
				t.Errorf("the audit log has %s, %v", written, err)
			}
		})
	}
}

// TestPasswordCallerWhoDisconnectsIsNoFailure disconnects while Graph processes the change,
// which may then be made.
func TestPasswordCallerWhoDisconnectsIsNoFailure(t *testing.T) {
	ctx, disconnect := context.WithCancel(t.Context())
	audit := filepath.Join(t.TempDir(), "audit.log")
	w := newPasswordWorld(t, func(s *serve.Settings) {
		s.AuditLog = audit
		tenant := s.HTTP.Transport
		s.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/changePassword") {
				return tenant.RoundTrip(r)
			}
			disconnect()
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
	})
	leaving := func(r *http.Request) { *r = *r.WithContext(ctx) }
	res := w.changePassword(twoPasswords(w.tenant.Facts().Password, newSecret), w.strong, leaving)
	if log := w.log.String(); res.Code != 499 || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("got %d, and the log says %s", res.Code, log)
	}
	written, err := os.ReadFile(audit)
	if err != nil || !strings.Contains(string(written), `"outcome":"unknown"`) {
		t.Errorf("the audit log has %s, %v", written, err)
	}
}

// TestPasswordTokenIsNotKept also sends a change a second time, as an attacker who recorded it
// would: it is refused, because its current password is the old one.
func TestPasswordTokenIsNotKept(t *testing.T) {
	w := newPasswordWorld(t)
	body := twoPasswords(w.tenant.Facts().Password, newSecret)
	for _, want := range []int{http.StatusNoContent, http.StatusUnprocessableEntity} {
		before := w.exchanges()
		if res := w.changePassword(body, w.strong); res.Code != want {
			t.Errorf("got %d %s, want %d", res.Code, res.Body, want)
		}
		if n := w.exchanges() - before; n != 1 {
			t.Errorf("%d exchanges", n)
		}
	}
	if got := w.tenant.Facts().Password; got != newSecret {
		t.Errorf("the password is %q", got)
	}
}

func (w *world) graphCalls() (calls int) {
	for _, r := range w.tenant.Requests() {
		if r.Part == "graph" {
			calls++
		}
	}
	return calls
}

func TestPasswordWithoutConsentIsTheOperatorsFault(t *testing.T) {
	w := newPasswordWorld(t)
	change := control.AppChange{Permissions: []string{"User.ReadWrite"}}
	if err := w.tenant.ChangeApp(w.tenant.Facts().MidTierID, change); err != nil {
		t.Fatal(err)
	}
	res := w.changePassword(twoPasswords(w.tenant.Facts().Password, newSecret), w.strong)
	if p := readProblem(t, res); res.Code != http.StatusBadGateway || !strings.Contains(p.Detail, "misconfigured") {
		t.Errorf("got %d %+v", res.Code, p)
	}
	if log := w.log.String(); !strings.Contains(log, "AADSTS65001") {
		t.Errorf("the log does not say what is missing: %s", log)
	}
}

// TestPasswordsAppearNowhere changes a password and fails to, in every way that writes
// something, and then looks for the passwords.
func TestPasswordsAppearNowhere(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.log")
	w := newPasswordWorld(t, func(s *serve.Settings) { s.AuditLog = audit })
	old := w.tenant.Facts().Password
	var responses strings.Builder
	send := func(body string) {
		res := w.changePassword(body, w.strong)
		fmt.Fprintln(&responses, res.Code, res.Header(), res.Body)
	}
	send(twoPasswords(old, "New-Canary\x01"))
	send(twoPasswords("Wrong-Canary-1", newSecret))
	w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 500, Body: `{"error":{"message":"Echo-Canary"}}`})
	send(twoPasswords(old, newSecret))
	send(twoPasswords(old, newSecret))
	written, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"the log":       w.log.String(),
		"the responses": responses.String(),
		"the audit log": string(written),
		"the metrics":   w.admin("/metrics"),
	} {
		if strings.Contains(text, "Canary") || strings.Contains(text, old) {
			t.Errorf("%s contain a password:\n%s", what, text)
		}
	}
	for _, want := range []string{
		`"fields":["password"]`, `"outcome":"changed"`, `"outcome":"refused"`, `"outcome":"unknown"`,
	} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the audit log lacks %s:\n%s", want, written)
		}
	}
}
