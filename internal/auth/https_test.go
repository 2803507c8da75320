package auth_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
)

// dialTLS connects to the redirect URI as a browser does that has HSTS for localhost.
func dialTLS(ctx context.Context, t *testing.T, p auth.Page) {
	t.Helper()
	for range 2 {
		dialer := tls.Dialer{}
		conn, err := dialer.DialContext(ctx, "tcp", "localhost:"+strconv.Itoa(p.Port))
		if err == nil {
			conn.Close()
			t.Error("the listener speaks TLS")
		}
	}
}

// TestListenerReportsHTTPS also checks that such a connection does not end the sign-in.
func TestListenerReportsHTTPS(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	open := w.open(t)
	reports := 0
	w.configure(t, func(c *auth.Config) {
		c.OnHTTPS = func() { reports++ }
		c.Open = func(ctx context.Context, p auth.Page) error {
			dialTLS(ctx, t, p)
			return open(ctx, p)
		}
	})
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Error(err)
	}
	if reports != 1 {
		t.Errorf("HTTPS was reported %d times, want once", reports)
	}
}

func TestInteractiveNamesHTTPSAsTheCause(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.configure(t, func(c *auth.Config) {
		c.Wait = time.Millisecond
		c.Open = func(ctx context.Context, p auth.Page) error {
			dialTLS(ctx, t, p)
			return nil
		}
	})
	_, err := w.client.Interactive(t.Context(), readScope())
	f := fault.As(err)
	if f.Kind != fault.SignIn || !strings.Contains(f.What, "HSTS") || f.Next != fault.DoUseOtherBrowser {
		t.Errorf("got %v", err)
	}
}

// TestListenerAcceptsManyCookies sends all cookies that a browser may keep for
// localhost. Programs on other ports have set them.
func TestListenerAcceptsManyCookies(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	open := w.open(t)
	cookies := strings.Repeat("c="+strings.Repeat("x", 4094)+"; ", 180)
	w.configure(t, func(c *auth.Config) {
		c.Open = func(ctx context.Context, p auth.Page) error {
			s := stray{method: "GET", path: "/", header: map[string]string{"Cookie": cookies}}
			if got, _ := s.send(t, "127.0.0.1", p); got != http.StatusMethodNotAllowed {
				t.Errorf("the status is %d", got)
			}
			return open(ctx, p)
		}
	})
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Error(err)
	}
}
