package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

// stub is a tenant and Graph that answer at once, with bodies of real size.
func stub(dir string) error {
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	f := facts{API: "https://localhost:" + port, CA: filepath.Join(dir, "ca.pem"), Key: filepath.Join(dir, "key.pem")}
	if err := os.WriteFile(f.CA, certificate.CA, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "stub.json"), raw, 0o600); err != nil {
		return err
	}
	server := &http.Server{Handler: answers(f.API, key), ReadHeaderTimeout: time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12}}
	return server.ServeTLS(listener, "", "")
}

func answers(api string, key *rsa.PrivateKey) http.Handler {
	authority := api + "/" + tenantID
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	var sent calls
	say := func(v any) http.HandlerFunc {
		raw, err := json.Marshal(v)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err == nil {
				_, _ = w.Write(raw) // a client that has gone is no error
			}
		}
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /calls", sent.tell)
	m.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", say(map[string]string{
		"issuer": authority + "/v2.0", "authorization_endpoint": authority + "/oauth2/v2.0/authorize",
		"token_endpoint": authority + "/oauth2/v2.0/token", "jwks_uri": authority + "/discovery/v2.0/keys",
	}))
	m.HandleFunc("GET /{tenant}/discovery/v2.0/keys", say(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": number(key.N), "e": "AQAB"},
	}}))
	var users atomic.Int64
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", sent.taking(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, tokenAnswer, filling, users.Add(1)) // a client that has gone is no error
	}))
	m.HandleFunc("PATCH /v1.0/me", sent.taking(func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }))
	return m
}

// tokenAnswer gives every user a Graph token of their own, as Entra does: one
// token for all would be sent as one byte by HTTP/2.
const tokenAnswer = `{"token_type":"Bearer","scope":"https://graph.microsoft.com/User.ReadWrite","expires_in":4000,"ext_expires_in":4000,"access_token":"%s%012d"}`

var filling = rand.Text() + strings.Repeat("gG7-", 490) // with the user's number, 2 KB
