package serve_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// faultCase is a fault that a dependency has, and the response to the caller.
type faultCase struct {
	name   string
	fault  sandbox.Fault // without its Part
	times  int
	status int
	detail string // its beginning, up to the name of the host
	after  string // Retry-After
}

func TestUpdateHandlesFaultsOfGraph(t *testing.T) {
	const (
		overloaded = "Microsoft Graph is unavailable or overloaded (HTTP status "
		failed     = "cannot change the profile: localhost:"
	)
	testFaults(t, "graph", []faultCase{
		{"throttles for a second", sandbox.Fault{Status: 429, RetryAfter: 1}, 1, 204, "", ""},
		{"throttles without Retry-After", sandbox.Fault{Status: 429, Body: "{}"}, 1, 204, "", ""},
		{"keeps throttling", sandbox.Fault{Status: 429, Body: "{}"}, 3, 429, overloaded + "429)", "10"},
		{
			"throttles for longer than the timeout", sandbox.Fault{Status: 429, RetryAfter: 60},
			1, 429, overloaded + "429)", "60",
		},
		{"fails", sandbox.Fault{Status: 500}, 1, 503, overloaded + "500)", ""},
		{"is unavailable once", sandbox.Fault{Status: 503}, 1, 204, "", ""},
		{"is unavailable", sandbox.Fault{Status: 503}, 3, 503, overloaded + "503)", ""},
		{
			"is unavailable with Retry-After", sandbox.Fault{Status: 503, RetryAfter: 60},
			1, 503, overloaded + "503)", "60",
		},
		{"has a gateway that times out", sandbox.Fault{Status: 504}, 3, 503, overloaded + "504)", ""},
		{"resets the connection once", sandbox.Fault{Reset: true}, 1, 204, "", ""},
		{"resets every connection", sandbox.Fault{Reset: true}, 3, 503, failed, ""},
		{"is slow", sandbox.Fault{Delay: time.Minute}, 1, 504, failed, ""},
		{
			"is hidden by a proxy", sandbox.Fault{Status: 200, Body: "<html>Welcome"},
			1, 503, "the response is not from Microsoft Graph", "",
		},
		{
			"sends a refusal that is cut off", sandbox.Fault{Status: 400, Body: `{"error":{"co`},
			1, 422, "Microsoft Graph rejected a value", "",
		},
	})
}

func TestUpdateHandlesFaultsOfEntra(t *testing.T) {
	const (
		failed  = "cannot exchange the access token: "
		status  = failed + "the tenant answered with HTTP status "
		garbled = failed + "the tenant's response cannot be read"
	)
	testFaults(t, "token", []faultCase{
		{"throttles for a second", sandbox.Fault{Status: 429, RetryAfter: 1}, 1, 204, "", ""},
		{
			"throttles for longer than the timeout", sandbox.Fault{Status: 429, RetryAfter: 60},
			1, 429, status + "429", "60",
		},
		{"keeps throttling", sandbox.Fault{Status: 429}, 3, 429, status + "429", "10"},
		{"fails", sandbox.Fault{Status: 500}, 1, 503, status + "500", ""},
		{"is unavailable once", sandbox.Fault{Status: 503}, 1, 204, "", ""},
		{
			"is unavailable", sandbox.Fault{Status: 503, Body: `{"error":"temporarily_unavailable"}`},
			3, 503, status + "503", "",
		},
		{"has a gateway that times out", sandbox.Fault{Status: 504}, 3, 503, status + "504", ""},
		{"resets the connection once", sandbox.Fault{Reset: true}, 1, 204, "", ""},
		{"resets every connection", sandbox.Fault{Reset: true}, 3, 503, failed + "localhost:", ""},
		{"is slow", sandbox.Fault{Delay: time.Minute}, 1, 504, failed + "localhost:", ""},
		{
			"sends a response that is cut off", sandbox.Fault{Cut: true},
			1, 503, failed + "the server broke the connection", "",
		},
		{"is hidden by a proxy", sandbox.Fault{Status: 200, Body: "<html>Welcome"}, 1, 503, garbled, ""},
		{"sends half a document", sandbox.Fault{Status: 200, Body: `{"access_token":"ey`}, 1, 503, garbled, ""},
	})
}

// testFaults checks the response of a mid-tier while a part of its tenant is out of
// order, and that the mid-tier works again afterwards.
func testFaults(t *testing.T, part string, cases []faultCase) {
	const timeout = 4 * time.Second
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOverTLS(t, func(s *serve.Settings) { s.Timeout = timeout })
			c.fault.Part = part
			for range c.times {
				w.tenant.FailNext(c.fault)
			}
			res := w.post(howTo, w.strong)
			if after := res.Header().Get("Retry-After"); res.Code != c.status || after != c.after {
				t.Errorf("got %d %s, Retry-After %q; want %d, %q", res.Code, res.Body, after, c.status, c.after)
			}
			if c.status != http.StatusNoContent {
				if p := readProblem(t, res); !strings.HasPrefix(p.Detail, c.detail) || p.Fix == "" {
					t.Errorf("got %+v, want %q", p, c.detail)
				}
			}
			w.tenant.Recover()
			if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
				t.Errorf("afterwards: got %d %s", res.Code, res.Body)
			}
		})
	}
}

func TestUpdateMapsUpstreamFailures(t *testing.T) {
	failNext := func(f sandbox.Fault) func(*world) error {
		return func(w *world) error { w.tenant.FailNext(f); return nil }
	}
	refusal := sandbox.Fault{
		Part:   "graph",
		Status: 400,
		Body:   `{"error":{"code":"Request_BadRequest","message":"Ada is bad"}}`,
	}
	for _, c := range []struct {
		name    string
		prepare func(*world) error
		status  int
		detail  string
	}{
		{
			"the mid-tier lacks consent for Graph", func(w *world) error { return w.tenant.SetConsent(false) },
			502, "the service is misconfigured",
		},
		{
			"the token endpoint is down", failNext(sandbox.Fault{Part: "token", Status: 503}),
			503, "cannot exchange the access token: the tenant answered with HTTP status 503",
		},
		{
			"the token endpoint sends HTML", failNext(sandbox.Fault{Part: "token", Status: 200, Body: "<html>"}),
			503, "cannot exchange the access token: the tenant's response cannot be read",
		},
		{
			"Graph is overloaded", failNext(sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 7}),
			429, "Microsoft Graph is unavailable or overloaded (HTTP status 429) (TooManyRequests)",
		},
		{
			"Graph resets the connection", failNext(sandbox.Fault{Part: "graph", Reset: true}),
			503, "cannot change the profile: graph.microsoft.com broke the connection",
		},
		{
			"Graph rejects the exchanged token", failNext(sandbox.Fault{Part: "graph", Status: 401}),
			503, "Microsoft Graph does not accept the access token (InvalidAuthenticationToken)",
		},
		{"Graph rejects a value", failNext(refusal), 422, "Microsoft Graph rejected a value (Request_BadRequest)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if err := c.prepare(w); err != nil {
				t.Fatal(err)
			}
			res := w.post(howTo, w.strong)
			if p := readProblem(t, res); res.Code != c.status || p.Detail != c.detail || p.Fix == "" {
				t.Errorf("got %d %+v, want %d %q", res.Code, p, c.status, c.detail)
			}
		})
	}
}
