package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

// stoppedTenant returns a client of a tenant with limits whose clock stands still.
func stoppedTenant(t *testing.T) *client {
	t.Helper()
	start := time.Now()
	return newClient(t, sandbox.Config{Limits: true, Clock: func() time.Time { return start }})
}

// keys requests the signing keys n times from an address and returns the last response.
func (c *client) keys(n int, address string) (last *httptest.ResponseRecorder) {
	c.t.Helper()
	for range n {
		last = httptest.NewRecorder()
		req := httptest.NewRequestWithContext(c.t.Context(), http.MethodGet,
			c.facts.Authority+"/discovery/v2.0/keys", nil)
		req.RemoteAddr = address + ":1"
		c.tenant.API().ServeHTTP(last, req)
	}
	return last
}

func TestLimitsAreOffByDefault(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	if got := c.keys(300, "192.0.2.1"); got.Code != 200 {
		t.Errorf("got %d", got.Code)
	}
}

func TestLimitOfAnAddress(t *testing.T) {
	c := stoppedTenant(t)
	if got := c.keys(20, "192.0.2.1"); got.Code != 200 {
		t.Fatalf("request 20: got %d", got.Code)
	}
	got := c.keys(1, "192.0.2.1")
	if got.Code != 429 || got.Header().Get("Retry-After") != "1" ||
		!strings.Contains(got.Body.String(), `"error":"temporarily_unavailable"`) ||
		!strings.Contains(got.Body.String(), `"error_codes":[90055]`) {
		t.Errorf("request 21: got %d %v %s", got.Code, got.Header(), got.Body)
	}
	if got := c.keys(1, "192.0.2.2"); got.Code != 200 {
		t.Errorf("another address: got %d", got.Code)
	}
	c.tenant.FastForward(time.Second)
	if got := c.keys(20, "192.0.2.1"); got.Code != 200 {
		t.Errorf("a second later: got %d", got.Code)
	}
}

func TestLimitOfTheTenant(t *testing.T) {
	c := stoppedTenant(t)
	for i := range 10 {
		if got := c.keys(20, "192.0.2."+strconv.Itoa(i)); got.Code != 200 {
			t.Fatalf("address %d: got %d", i, got.Code)
		}
	}
	if got := c.keys(1, "192.0.2.99"); got.Code != 429 {
		t.Errorf("request 201: got %d", got.Code)
	}
}

// TestLimitsCountWhatAFlowCosts measures how many requests are left after each flow.
func TestLimitsCountWhatAFlowCosts(t *testing.T) {
	for _, row := range []struct {
		name string
		flow func(c *client)
		cost int
	}{
		{"a sign-in", func(c *client) { c.signIn(readScope) }, 4},
		{"a sign-in and its redemption", func(c *client) { c.tokens(readScope) }, 5},
		{"a sign-in with a one-time code", func(c *client) { c.signIn("openid " + c.facts.EditScope) }, 6},
		{"a sign-up", func(c *client) {
			c.user.SignUp, c.user.Email, c.user.Password = true, "new@contoso.example", "A new password"
			c.signIn(readScope)
		}, 6},
		{"a sign-up that the client requests", func(c *client) {
			c.user.SignUp, c.user.Email, c.user.Password = true, "new@contoso.example", "A new password"
			c.signIn(readScope, "prompt", "create")
		}, 6},
		{"a password reset", func(c *client) {
			c.user.Forgot, c.user.Password = true, "A new password"
			c.signIn(readScope)
		}, 8},
		{"a sign-out", func(c *client) {
			_, _ = c.open(newJar(c.t), http.MethodGet, c.facts.Authority+"/oauth2/v2.0/logout", nil)
		}, 1},
	} {
		c := stoppedTenant(t)
		if row.flow(c); !strings.Contains(row.name, "out") && c.code() == "" {
			t.Errorf("%s: got %v", row.name, c.response)
		}
		left := 0
		for c.keys(1, "127.0.0.1").Code == 200 {
			left++
		}
		if got := 20 - left; got != row.cost {
			t.Errorf("%s cost %d, want %d", row.name, got, row.cost)
		}
	}
}

func TestLimitShowsAPageInTheBrowser(t *testing.T) {
	c := stoppedTenant(t)
	c.keys(20, "127.0.0.1")
	res, page := c.open(newJar(t), http.MethodGet, c.authorizeURL(readScope), nil)
	if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || !strings.Contains(page, "AADSTS90055: ") {
		t.Errorf("got %d %s", res.StatusCode, page)
	}
}
