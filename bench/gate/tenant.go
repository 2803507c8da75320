package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/bench/internal/stub"
)

const latency = 50 * time.Millisecond // of the token endpoint

// tenant is the stub. It counts requests in any second, which is stricter than a token
// bucket: there is no burst after an idle second.
type tenant struct {
	*stub.Tenant

	mu       sync.Mutex
	recent   []time.Time // accepted requests of the last second
	accepted int         // exchanges
	refused  int         // requests
}

func startTenant(dir string) (*tenant, error) {
	base, err := stub.Listen(dir)
	if err != nil {
		return nil, err
	}
	t := &tenant{Tenant: base}
	go func() { _ = base.Serve(t.routes()) }()
	return t, nil
}

func (t *tenant) routes() http.Handler {
	m := http.NewServeMux()
	for pattern, serve := range t.Metadata() {
		m.HandleFunc(pattern, t.limited(serve))
	}
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", t.limited(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(latency)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, tokenResponse, rand.Text()) // the client may be gone
		t.mu.Lock()
		defer t.mu.Unlock()
		t.accepted++
	}))
	m.HandleFunc("PATCH /v1.0/me", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return m
}

const tokenResponse = `{"token_type":"Bearer","scope":"https://graph.microsoft.com/User.ReadWrite",` +
	`"expires_in":4000,"access_token":"%s"}`

// limited rejects requests beyond the limit.
func (t *tenant) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if t.take(time.Now()) {
			next(w, r)
			return
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// take reports whether a request is within the limit.
func (t *tenant) take(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.recent) > 0 && now.Sub(t.recent[0]) >= time.Second {
		t.recent = t.recent[1:]
	}
	if len(t.recent) >= limit {
		t.refused++
		return false
	}
	t.recent = append(t.recent, now)
	return true
}

// counts returns the exchanges and the rejected requests so far.
func (t *tenant) counts() (accepted, refused int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.accepted, t.refused
}

// sign returns a new access token of a user.
func (t *tenant) sign(user int) (string, error) {
	return t.AccessToken(user, jwt.MapClaims{"uti": rand.Text()})
}
