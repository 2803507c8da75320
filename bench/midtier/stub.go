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

// stub runs a tenant and Graph that respond at once, with bodies of realistic size.
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
	f := stubInfo{
		API: "https://localhost:" + port,
		CA:  filepath.Join(dir, "ca.pem"),
		Key: filepath.Join(dir, "key.pem"),
	}
	if err := os.WriteFile(f.CA, certificate.CA, 0o600); err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(f.Key, block, 0o600); err != nil {
		return err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "stub.json"), raw, 0o600); err != nil {
		return err
	}
	server := &http.Server{
		Handler:           routes(f.API, key),
		ReadHeaderTimeout: time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate.TLS},
			MinVersion:   tls.VersionTLS12,
		},
	}
	return server.ServeTLS(listener, "", "")
}

func routes(api string, key *rsa.PrivateKey) http.Handler {
	authority := api + "/" + tenantID
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	var sent calls
	document := func(v any) http.HandlerFunc {
		raw, err := json.Marshal(v)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err == nil {
				_, _ = w.Write(raw) // the client may be gone
			}
		}
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /calls", sent.serve)
	m.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", document(map[string]string{
		"issuer":                 authority + "/v2.0",
		"authorization_endpoint": authority + "/oauth2/v2.0/authorize",
		"token_endpoint":         authority + "/oauth2/v2.0/token",
		"jwks_uri":               authority + "/discovery/v2.0/keys",
	}))
	m.HandleFunc("GET /{tenant}/discovery/v2.0/keys", document(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": number(key.N), "e": "AQAB"},
	}}))
	filling := rand.Text() + strings.Repeat("gG7-", 490) // 2 KB with the number of the user
	var users atomic.Int64
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", sent.recording(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, tokenResponse, filling, users.Add(1)) // the client may be gone
	}))
	m.HandleFunc("PATCH /v1.0/me", sent.recording(func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusNoContent)
	}))
	return m
}

// tokenResponse gives every user a different Graph token, as Entra does. HTTP/2
// would compress a token that all users share to one byte.
const tokenResponse = `{"token_type":"Bearer","scope":"https://graph.microsoft.com/User.ReadWrite",` +
	`"expires_in":4000,"ext_expires_in":4000,"access_token":"%s%012d"}`
