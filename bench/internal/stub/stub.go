// Package stub has what the stub tenants of the measurements share: an address with TLS,
// a signing key, the metadata, and tokens of users. Each measurement adds its own token
// endpoint and Graph.
package stub

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

const (
	TenantID = "11111111-2222-3333-4444-555555555555"
	ClientID = "66666666-7777-8888-9999-000000000000" // of the mid-tier
)

// Tenant is a tenant that listens on loopback.
type Tenant struct {
	Signer
	CA string // the file with the CA of its certificate

	listener net.Listener
	server   *http.Server
}

// Signer signs the tokens of a tenant.
type Signer struct {
	Origin string
	Key    *rsa.PrivateKey
}

// Listen returns a tenant with a new key and a new certificate, whose CA it writes to dir.
func Listen(dir string) (*Tenant, error) {
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, certificate.CA, 0o600); err != nil {
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
	return &Tenant{
		Signer:   Signer{Origin: "https://localhost:" + port, Key: key},
		CA:       ca,
		listener: listener,
		server: &http.Server{
			ReadHeaderTimeout: time.Second,
			TLSConfig: &tls.Config{
				Certificates: []tls.Certificate{certificate.TLS},
				MinVersion:   tls.VersionTLS12,
			},
		},
	}, nil
}

// Serve answers requests until Close is called.
func (t *Tenant) Serve(h http.Handler) error {
	t.server.Handler = h
	return t.server.ServeTLS(t.listener, "", "")
}

// Close ends Serve.
func (t *Tenant) Close() { _ = t.server.Close() }

// Metadata returns handlers by their patterns: the OpenID configuration and the signing
// keys.
func (t *Tenant) Metadata() map[string]http.HandlerFunc {
	authority := t.Origin + "/" + TenantID
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	return map[string]http.HandlerFunc{
		"GET /{tenant}/v2.0/.well-known/openid-configuration": document(map[string]string{
			"issuer":                 authority + "/v2.0",
			"authorization_endpoint": authority + "/oauth2/v2.0/authorize",
			"token_endpoint":         authority + "/oauth2/v2.0/token",
			"jwks_uri":               authority + "/discovery/v2.0/keys",
		}),
		"GET /{tenant}/discovery/v2.0/keys": document(map[string]any{"keys": []map[string]string{
			{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": number(t.Key.N), "e": "AQAB"},
		}}),
	}
}

func document(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the client may be gone
	}
}

// AccessToken returns an access token of a user for the mid-tier, valid for two hours.
// extra are further claims.
func (s Signer) AccessToken(user int, extra jwt.MapClaims) (string, error) {
	now := time.Now()
	claims := jwt.MapClaims{
		"aud":    ClientID,
		"iss":    s.Origin + "/" + TenantID + "/v2.0",
		"tid":    TenantID,
		"ver":    "2.0",
		"scp":    "EditProfileService.ReadWrite",
		"oid":    fmt.Sprintf("00000000-0000-0000-0000-%012d", user),
		"azp":    ClientID,
		"azpacr": "0",
		"sub":    "s",
		"iat":    now.Unix(),
		"nbf":    now.Unix(),
		"exp":    now.Add(2 * time.Hour).Unix(),
	}
	maps.Copy(claims, extra)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "k"
	return token.SignedString(s.Key)
}
