package token

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Signer signs and verifies tokens with the tenant's keys. It caches decoded keys, because
// decoding is slow. The zero value is ready to use. It is safe for concurrent use.
type Signer struct {
	mu      sync.Mutex
	decoded map[string]*rsa.PrivateKey // by key ID
}

func (s *Signer) key(k directory.Key) (*rsa.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.decoded[k.ID]; ok {
		return key, nil
	}
	key, err := decodeKey(k)
	if err != nil {
		return nil, err
	}
	if s.decoded == nil {
		s.decoded = map[string]*rsa.PrivateKey{}
	}
	s.decoded[k.ID] = key
	return key, nil
}

// header holds the header claims of a token, in the order in which Entra sends them
// (learn.microsoft.com, "Access token claims reference", header claims).
type header struct {
	Type       string `json:"typ"`
	Nonce      string `json:"nonce,omitempty"`
	Algorithm  string `json:"alg"`
	Thumbprint string `json:"x5t,omitempty"`
	KeyID      string `json:"kid"`
}

// Sign returns the claims as a token that is signed with the first key (RS256). The header
// of a v1.0 token (claim ver) also has x5t, the older name of kid. The aud claim must be a
// string, because MSAL Go rejects an array.
func (s *Signer) Sign(keys []directory.Key, claims map[string]any) (string, error) {
	return s.sign(keys[0], claims, "")
}

// SignOpaque is like Sign, but returns a token that only the tenant itself can verify, as
// Entra does for Microsoft's own APIs: the header has a nonce, and the signature covers the
// SHA-256 hash of the nonce instead of the nonce. Clients that check such a token with the
// published keys find an invalid signature. Microsoft documents only that the tokens cannot
// be verified; the hash is what people found who verified them.
func (s *Signer) SignOpaque(keys []directory.Key, claims map[string]any) (string, error) {
	return s.sign(keys[0], claims, newNonce())
}

func (s *Signer) sign(k directory.Key, claims map[string]any, nonce string) (string, error) {
	key, err := s.key(k)
	if err != nil {
		return "", err
	}
	h := header{Type: "JWT", Nonce: nonce, Algorithm: jwt.SigningMethodRS256.Alg(), KeyID: k.ID}
	if claims["ver"] == "1.0" {
		h.Thumbprint = k.ID
	}
	payload, err := encodePart(claims)
	if err != nil {
		return "", err
	}
	sent, err := encodePart(h)
	if err != nil {
		return "", err
	}
	signature, err := jwt.SigningMethodRS256.Sign(hashNonce(sent)+"."+payload, key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return sent + "." + payload + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// encodePart returns v as a header or payload of a token.
func encodePart(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func newNonce() string {
	nonce := make([]byte, sha256.Size)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(nonce)
}

// hashNonce returns an encoded header with the hash of its nonce instead of the nonce, which
// is what the signature covers. Headers without a nonce are returned as they are.
func hashNonce(encoded string) string {
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != encoded {
		return encoded // not what sign encoded, so its signature is invalid
	}
	var h header
	if json.Unmarshal(raw, &h) != nil || h.Nonce == "" {
		return encoded
	}
	sum := sha256.Sum256([]byte(h.Nonce))
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	return base64.RawURLEncoding.EncodeToString(bytes.Replace(raw, []byte(h.Nonce), []byte(hash), 1))
}

// ErrExpired is returned for a token that is valid except that it has expired.
var ErrExpired = errors.New("the token has expired")

// Verify checks that one of the keys signed the token and that the token is valid at time
// now, and returns its claims. It also verifies tokens of SignOpaque. It returns ErrExpired
// if the token has expired. It does not check the audience.
func (s *Signer) Verify(keys []directory.Key, raw string, now time.Time) (map[string]any, error) {
	claims := jwt.MapClaims{}
	sent, rest, _ := strings.Cut(raw, ".")
	_, err := jwt.ParseWithClaims(hashNonce(sent)+"."+rest, claims,
		func(t *jwt.Token) (any, error) { return s.publicKey(keys, t) },
		jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithTimeFunc(func() time.Time { return now }),
		jwt.WithExpirationRequired())
	if errors.Is(err, jwt.ErrTokenExpired) {
		return nil, ErrExpired
	}
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", err)
	}
	return claims, nil
}

// publicKey returns the key that the token's kid header names.
func (s *Signer) publicKey(keys []directory.Key, t *jwt.Token) (*rsa.PublicKey, error) {
	for _, k := range keys {
		if k.ID == t.Header["kid"] {
			key, err := s.key(k)
			if err != nil {
				return nil, err
			}
			return &key.PublicKey, nil
		}
	}
	return nil, errors.New("unknown signing key")
}
