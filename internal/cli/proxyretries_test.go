//go:build unix

package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// newFakeFleet returns two servers instead of replicas, for proxies in front of them.
func newFakeFleet(t *testing.T, handler http.Handler) (*fleet, [2]*httptest.Server) {
	t.Helper()
	f := &fleet{cluster: &cluster{t: t, dir: t.TempDir()}}
	f.certify()
	var servers [2]*httptest.Server
	for i := range servers {
		servers[i] = httptest.NewServer(handler)
		t.Cleanup(servers[i].Close)
		address := servers[i].Listener.Addr().String()
		f.addresses[i] = [2]string{address, address}
	}
	return f, servers
}

// post sends an empty POST through the proxy and returns its status.
func (p *proxy) post(ctx context.Context, path string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address+path, http.NoBody)
	if err != nil {
		return err.Error()
	}
	res, err := p.client.Do(req)
	if err != nil {
		return err.Error()
	}
	res.Body.Close()
	return fmt.Sprint(res.StatusCode)
}

// TestProxiesSendAChangeOfThePasswordOnce has replicas that close the connection without a
// response, and a replica that cannot be reached. Only a request that was not sent may go to
// the other replica.
func TestProxiesSendAChangeOfThePasswordOnce(t *testing.T) {
	t.Parallel()
	var changes atomic.Int64
	handler := http.NewServeMux()
	handler.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	handler.HandleFunc("POST /updateUserInfo", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	handler.HandleFunc("POST /changePassword", func(w http.ResponseWriter, r *http.Request) {
		changes.Add(1)
		if r.URL.Query().Has("lost") {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	t.Run("a lost response", func(t *testing.T) {
		f, _ := newFakeFleet(t, handler)
		for _, p := range []*proxy{f.haproxy(), f.configuredNginx()} {
			for path, want := range map[string]string{"/changePassword": "204", "/changePassword?lost": "502"} {
				changes.Store(0)
				if status := p.post(t.Context(), path); status != want || changes.Load() != 1 {
					t.Errorf("%s: %s was sent %d times: got %s", p.name, path, changes.Load(), status)
				}
			}
		}
	})
	t.Run("a replica that cannot be reached", func(t *testing.T) {
		f, servers := newFakeFleet(t, handler)
		proxies := []*proxy{f.haproxy(), f.configuredNginx()}
		servers[0].Close()
		for _, p := range proxies {
			for range 4 {
				if status := p.post(t.Context(), "/changePassword"); status != "204" {
					t.Errorf("%s: got %s", p.name, status)
				}
			}
		}
	})
}
