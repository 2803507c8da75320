package sandbox_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

func TestClockMovesFreezesAndResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, sandbox.Config{})
		start := time.Now()
		want := func(after time.Duration, frozen bool) {
			t.Helper()
			got := c.tenant.Clock()
			if passed := got.Time.Sub(start); passed != after || got.Frozen != frozen {
				t.Errorf("got %v after the start, frozen: %v; want %v, %v", passed, got.Frozen, after, frozen)
			}
		}
		c.tenant.FastForward(2 * time.Hour)
		want(2*time.Hour, false)
		time.Sleep(time.Minute)
		c.tenant.FreezeClock()
		time.Sleep(time.Hour)
		want(2*time.Hour+time.Minute, true)
		c.tenant.FastForward(-time.Hour)
		want(time.Hour+time.Minute, true)
		c.tenant.SetClock(start.Add(time.Hour))
		want(time.Hour, true)
		c.tenant.ResetClock()
		want(time.Hour+time.Minute, false)
		c.tenant.SetClock(start)
		time.Sleep(time.Second)
		want(time.Second, false)
		if offset := c.tenant.Clock().Offset; offset != "-1h1m0s" {
			t.Errorf("the offset is %s", offset)
		}
	})
}

func TestTokensDoNotAgeWhileTheClockIsFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, sandbox.Config{})
		got := c.tokens(readScope)
		c.tenant.FreezeClock()
		time.Sleep(100 * 24 * time.Hour) // longer than a refresh token lives
		if res, _ := c.graph(http.MethodGet, "/v1.0/me", got.AccessToken, ""); res != 200 {
			t.Errorf("the access token: got %d", res)
		}
		if refreshed := c.refresh(got.RefreshToken); refreshed.Status != 200 {
			t.Errorf("the refresh token: got %+v", refreshed)
		}
		c.tenant.FastForward(2 * time.Hour)
		if res, _ := c.graph(http.MethodGet, "/v1.0/me", got.AccessToken, ""); res != 401 {
			t.Errorf("after a move of the frozen clock: got %d", res)
		}
	})
}
