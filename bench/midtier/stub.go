package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/profilectl/profilectl/bench/internal/stub"
)

// runStub runs a tenant and Graph that respond at once, with bodies of realistic size. It
// describes itself in a file in dir.
func runStub(dir string) error {
	t, err := stub.Listen(dir)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(t.Key)
	if err != nil {
		return err
	}
	f := stubInfo{API: t.Origin, CA: t.CA, Key: filepath.Join(dir, "key.pem")}
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
	return t.Serve(routes(t))
}

func routes(t *stub.Tenant) http.Handler {
	var sent calls
	m := http.NewServeMux()
	for pattern, serve := range t.Metadata() {
		m.HandleFunc(pattern, serve)
	}
	m.HandleFunc("GET /calls", sent.serve)
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
