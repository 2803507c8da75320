package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
	latency  = 50 * time.Millisecond // of the token endpoint
)

// tenant is the stub. It counts requests in any second, which is stricter than a token
// bucket: there is no burst after an idle second.
type tenant struct {
	origin string
	ca     string // file
	key    *rsa.PrivateKey
	server *http.Server

	mu       sync.Mutex
	recent   []time.Time // accepted requests of the last second
	accepted int         // exchanges
	refused  int         // requests
}

func startTenant(dir string) (*tenant, error) {
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, err
	}
	t := &tenant{origin: "https://localhost:" + port, ca: filepath.Join(dir, "ca.pem"), key: key}
	if err := os.WriteFile(t.ca, certificate.CA, 0o600); err != nil {
		return nil, err
	}
	t.server = &http.Server{
		Handler:           t.routes(),
		ReadHeaderTimeout: time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate.TLS},
			MinVersion:   tls.VersionTLS12,
		},
	}
	go func() { _ = t.server.ServeTLS(listener, "", "") }()
	return t, nil
}

func (t *tenant) routes() http.Handler {
	authority := t.origin + "/" + tenantID
	m := http.NewServeMux()
	m.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", t.limited(document(map[string]string{
		"issuer":                 authority + "/v2.0",
		"authorization_endpoint": authority + "/oauth2/v2.0/authorize",
		"token_endpoint":         authority + "/oauth2/v2.0/token",
		"jwks_uri":               authority + "/discovery/v2.0/keys",
	})))
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	m.HandleFunc("GET /{tenant}/discovery/v2.0/keys", t.limited(document(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": number(t.key.N), "e": "AQAB"},
	}})))
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", t.limited(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		document(map[string]any{
			"token_type":   "Bearer",
			"scope":        "https://graph.microsoft.com/User.ReadWrite",
			"expires_in":   4000,
			"access_token": rand.Text(),
		})(w, r)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.accepted++
	}))
	m.HandleFunc("PATCH /v1.0/me", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return m
}

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

func document(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the client may be gone
	}
}

// sign returns a new access token of a user.
func (t *tenant) sign(user int) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"aud":    clientID,
		"iss":    t.origin + "/" + tenantID + "/v2.0",
		"tid":    tenantID,
		"ver":    "2.0",
		"scp":    "EditProfileService.ReadWrite",
		"oid":    fmt.Sprintf("00000000-0000-0000-0000-%012d", user),
		"azp":    clientID,
		"azpacr": "0",
		"sub":    "s",
		"uti":    rand.Text(),
		"iat":    now.Unix(),
		"nbf":    now.Unix(),
		"exp":    now.Add(2 * time.Hour).Unix(),
	})
	token.Header["kid"] = "k"
	return token.SignedString(t.key)
}
