package token

import (
	"crypto/rsa"
	"errors"
	"fmt"
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

// Sign returns the claims as a token that is signed with the first key (RS256). The aud
// claim must be a string, because MSAL Go rejects an array.
func (s *Signer) Sign(keys []directory.Key, claims map[string]any) (string, error) {
	key, err := s.key(keys[0])
	if err != nil {
		return "", err
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	t.Header["kid"] = keys[0].ID
	signed, err := t.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// ErrExpired is returned for a token that is valid except that it has expired.
var ErrExpired = errors.New("the token has expired")

// Verify checks that one of the keys signed the token and that the token is valid at time
// now, and returns its claims. It returns ErrExpired if the token has expired. It does not
// check the audience.
func (s *Signer) Verify(keys []directory.Key, raw string, now time.Time) (map[string]any, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(raw, claims,
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
