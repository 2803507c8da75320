package midtier_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/password"
	"github.com/profilectl/profilectl/internal/upstream"
)

// TestChangePasswordDoubtsALostResponse has failures after which the password certainly did
// not change, and others after which it may have. Only after the former may the change be
// repeated with the old password.
func TestChangePasswordDoubtsALostResponse(t *testing.T) {
	breaks := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc // nil for a server that is down
		kind    fault.Kind
		doubted bool
	}{
		"a connection that breaks":      {breaks, fault.Denied, true},
		"a gateway that gives up":       {page(504), fault.Denied, true},
		"a gateway that lost the reply": {page(502), fault.Denied, true},
		"a page of a portal":            {page(200), fault.Denied, true},
		"a gateway without a server":    {page(503), fault.Unavailable, false},
		"a server that is down":         {nil, fault.Unavailable, false},
		"a mid-tier without the route":  {page(404), fault.Denied, false},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				c.handler(w, r)
			}))
			defer server.Close()
			if c.handler == nil {
				server.Close()
			}
			retrying, err := upstream.New(upstream.Config{})
			if err != nil {
				t.Fatal(err)
			}
			client := midtier.Client{URL: server.URL, HTTP: retrying}
			change := password.Change{Current: "old-Canary", New: "new-Canary"}
			ch, err := client.ChangePassword(t.Context(), "token", change)
			f := fault.As(err)
			if ch != nil || f.Kind != c.kind || f.Advice() == "" {
				t.Errorf("got %+v, %+v", ch, f)
			}
			if strings.Contains(f.What, "may have changed") != c.doubted {
				t.Errorf("got %s", f.What)
			}
			if strings.Contains(err.Error(), "Canary") || calls.Load() > 1 {
				t.Errorf("%d requests, %v", calls.Load(), err)
			}
		})
	}
}
