package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Signer signs and verifies with the tenant's keys. Decoding a key is slow, so
// it remembers decoded ones. It is safe for concurrent use.
type Signer struct {
	mu      sync.Mutex
	decoded map[string]*rsa.PrivateKey
}

func (s *Signer) key(k directory.Key) (*rsa.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.decoded[k.ID]; ok {
		return key, nil
	}
	key, err := private(k)
	if err != nil {
		return nil, err
	}
	if s.decoded == nil {
		s.decoded = map[string]*rsa.PrivateKey{}
	}
	s.decoded[k.ID] = key
	return key, nil
}

// Sign returns the claims as an RS256 token under the first of the keys. The
// aud claim must be a plain string: MSAL Go refuses an array.
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

// ErrExpired says that a token was good once.
var ErrExpired = errors.New("the token has expired")

// Verify returns the claims of a token that one of the keys signed, or ErrExpired,
// or another error.
func (s *Signer) Verify(keys []directory.Key, raw string, now time.Time) (map[string]any, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		for _, k := range keys {
			if k.ID == t.Header["kid"] {
				key, err := s.key(k)
				if err != nil {
					return nil, err
				}
				return &key.PublicKey, nil
			}
		}
		return nil, errors.New("no such key")
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithExpirationRequired())
	if errors.Is(err, jwt.ErrTokenExpired) {
		return nil, ErrExpired
	}
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", err)
	}
	return claims, nil
}

// Seal encrypts a value so that only Open with the same key reads it.
func Seal(key []byte, v any) (string, error) {
	aead, err := aead(key)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, nil)), nil
}

// Open reads what Seal wrote.
func Open(key []byte, sealed string, v any) error {
	aead, err := aead(key)
	if err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < aead.NonceSize() {
		return errors.New("open: not sealed here")
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], nil)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return nil
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// Pairwise is the sub of a user for one client: different for every client, the
// same every time (OpenID Connect Core 8.1).
func Pairwise(sealKey []byte, user, client string) string {
	sum := sha256.Sum256([]byte(string(sealKey) + "|" + user + "|" + client))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
