package serve_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
)

// outage fails the requests to paths with a suffix, until it is over.
type outage struct {
	next   http.RoundTripper
	suffix string
	err    error // or a response with status 503
	over   atomic.Bool
}

func (o *outage) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case o.over.Load() || !strings.HasSuffix(req.URL.Path, o.suffix):
		return o.next.RoundTrip(req)
	case o.err != nil:
		return nil, o.err
	}
	res := httptest.NewRecorder()
	res.WriteHeader(http.StatusServiceUnavailable)
	return res.Result(), nil
}

func TestOpenWaitsForAnUnreachableTenant(t *testing.T) {
	const discovery, keys = "/openid-configuration", "/keys"
	for _, c := range []struct {
		name   string
		outage *outage
	}{
		{"refused connection", &outage{suffix: discovery, err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}},
		{"unknown host", &outage{suffix: discovery, err: &net.DNSError{Name: "x", IsNotFound: true}}},
		{"DNS server without an answer", &outage{suffix: discovery, err: &net.DNSError{Name: "x", IsTimeout: true}}},
		{"status 503", &outage{suffix: discovery}},
		{"status 503 for the keys alone", &outage{suffix: keys}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log logBuffer
				server, err := serve.Open(t.Context(), settings(t, func(s *serve.Settings) {
					c.outage.next = s.HTTP.Transport
					s.HTTP = &http.Client{Transport: c.outage}
				}), slog.New(slog.NewJSONHandler(&log, nil)))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if got := request(server.Admin(), "GET", "/readyz").Code; got != http.StatusServiceUnavailable {
					t.Errorf("readyz: got %d", got)
				}
				res := request(server.Public(), "POST", "/updateUserInfo")
				if res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") != "5" {
					t.Errorf("got %d %s", res.Code, res.Body)
				}
				c.outage.over.Store(true)
				time.Sleep(time.Minute) // the longest delay between two attempts is 30 seconds
				if got := request(server.Admin(), "GET", "/readyz").Code; got != http.StatusOK {
					t.Errorf("readyz after the outage: got %d, log %s", got, &log)
				}
				if res := request(server.Public(), "POST", "/updateUserInfo"); res.Code != http.StatusUnauthorized {
					t.Errorf("after the outage: got %d %s", res.Code, res.Body)
				}
			})
		})
	}
}

// TestOpenDoesNotBlameTheTenantForTheEnd stops the mid-tier while it tries to reach a tenant
// that does not answer.
func TestOpenDoesNotBlameTheTenantForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		ctx, stop := context.WithCancel(t.Context())
		_, err := serve.Open(ctx, settings(t, func(s *serve.Settings) {
			s.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})}
		}), slog.New(slog.NewJSONHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // in the second attempt
		stop()
		synctest.Wait()
		if got := strings.Count(log.String(), "the tenant is not available"); got != 1 {
			t.Errorf("it is logged %d times: %s", got, &log)
		}
	})
}

func TestOpenFailsIfThereIsNoSuchTenant(t *testing.T) {
	_, err := serve.Open(t.Context(), settings(t, func(s *serve.Settings) {
		s.HTTP = &http.Client{Transport: unknownTenant{}}
	}), slog.New(slog.DiscardHandler))
	if f := fault.As(err); f.Kind != fault.Usage || !strings.HasPrefix(f.What, "there is no tenant") {
		t.Errorf("got %v", err)
	}
}

// unknownTenant answers like Entra for a tenant that does not exist.
type unknownTenant struct{}

func (unknownTenant) RoundTrip(*http.Request) (*http.Response, error) {
	res := httptest.NewRecorder()
	res.WriteHeader(http.StatusBadRequest)
	return res.Result(), nil
}

// request sends a request without a body to a handler.
func request(h http.Handler, method, path string) *httptest.ResponseRecorder {
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequest(method, path, nil))
	return res
}
