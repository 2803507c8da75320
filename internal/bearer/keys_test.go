package bearer_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/bearer"
)

func TestVerifierAcceptsNewKeysAndKeepsOldOnesDuringAnOutage(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	header, claims := valid()
	old := "Bearer " + n.sign(t, header, claims)
	n.down = true
	expect(t, v, old, accepted)
	n.down = false
	n.key, n.kid, header["kid"] = newTenant(t).key, "k2", "k2"
	expect(t, v, "Bearer "+n.sign(t, header, claims), accepted)
	if !v.Ready(t.Context()) {
		t.Error("not ready")
	}
}

func TestVerifierRetriesIfTheTenantIsDownAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		n.down = true
		v := n.verifier(t)
		header, claims := valid()
		token := "Bearer " + n.sign(t, header, claims)
		if v.Ready(t.Context()) {
			t.Error("ready without keys")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if v.Ready(t.Context()) || n.requests != 4 {
			t.Errorf("ready: %v; %d requests in ten seconds, want them at 0, 1, 3 and 7",
				v.Ready(t.Context()), n.requests)
		}
		n.mu.Lock()
		n.down = false
		n.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !v.Ready(t.Context()) {
			t.Error("not ready, although the tenant is up again")
		}
		expect(t, v, token, accepted)
	})
}

func TestVerifierKeepsItsKeysIfTheTenantSendsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		v := n.verifier(t)
		header, claims := valid()
		for _, body := range []string{`{"keys":[]}`, `{}`, `<html>`, `{"keys":[{"kty":"RS`} {
			n.mu.Lock()
			n.body, n.requests = body, 0
			n.mu.Unlock()
			time.Sleep(61 * time.Minute)
			synctest.Wait()
			if n.requests == 0 {
				t.Error("the keys were not requested")
			}
			now := time.Now().Unix()
			claims["nbf"], claims["exp"] = now, now+60
			expect(t, v, "Bearer "+n.sign(t, header, claims), accepted)
		}
	})
}

// TestVerifierFetchesNewKeysForCallersWhoDisconnect rotates the key while strangers send
// unknown key ids and disconnect. They must not use up the limit of such fetches.
func TestVerifierFetchesNewKeysForCallersWhoDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		v := n.verifier(t)
		header, claims := valid()
		n.key, n.kid, n.delay = newTenant(t).key, "k2", time.Second
		header["kid"] = "stranger"
		for range 2 {
			ctx, disconnect := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, disconnect)
			_, _, err := v.Verify(ctx, http.Header{"Authorization": {"Bearer " + n.sign(t, header, claims)}})
			if err == nil {
				t.Error("a stranger was accepted")
			}
		}
		header["kid"] = "k2"
		expect(t, v, "Bearer "+n.sign(t, header, claims), accepted)
	})
}

// TestVerifierForgetsATokenThatExpires verifies a token within the leeway after its expiry.
// The cache must not accept it for longer.
func TestVerifierForgetsATokenThatExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		v := n.verifier(t)
		header, claims := valid()
		claims["exp"] = time.Now().Unix() + 5
		token := "Bearer " + n.sign(t, header, claims)
		time.Sleep(time.Minute)
		expect(t, v, token, accepted)
		time.Sleep(10 * time.Second)
		expect(t, v, token, bearer.InvalidToken)
	})
}

func TestVerifierRejectsTokensOfUnusualSize(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	header, claims := valid()
	claims["groups"] = strings.Repeat("g", 8<<10)
	expect(t, v, "Bearer "+n.sign(t, header, claims), accepted)
	claims["groups"] = strings.Repeat("g", 16<<10)
	expect(t, v, "Bearer "+n.sign(t, header, claims), bearer.InvalidToken)
}
