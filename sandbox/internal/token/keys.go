// Package token creates and reads the tenant's tokens. There are two kinds: access and ID
// tokens, which are signed as Entra's v2.0 endpoint signs them, and sealed strings, which
// only the tenant can read. Refresh tokens are sealed, and so is the record of how the user
// authenticated, which an access token carries in its opaque aio claim.
package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const keyBits = 2048 // the size of Entra's signing keys

// NewKeys returns n new signing keys. It generates them concurrently, because generating
// keys takes most of the time that a tenant needs to start.
func NewKeys(n int) ([]directory.Key, error) {
	keys := make([]directory.Key, n)
	errs := make(chan error, n)
	for i := range keys {
		go func() {
			var err error
			keys[i], err = newKey()
			errs <- err
		}()
	}
	var err error
	for range keys {
		err = errors.Join(err, <-errs)
	}
	return keys, err
}

func newKey() (directory.Key, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return directory.Key{}, fmt.Errorf("generate signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return directory.Key{}, fmt.Errorf("encode signing key: %w", err)
	}
	sum := sha256.Sum256(key.N.Bytes())
	return directory.Key{
		ID:  base64.RawURLEncoding.EncodeToString(sum[:20]),
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}, nil
}

// CheckKey returns an error unless k can sign.
func CheckKey(k directory.Key) error {
	if k.ID == "" {
		return errors.New("the signing key has no ID")
	}
	_, err := decodeKey(k)
	return err
}

// decodeKey parses the PEM of a signing key.
func decodeKey(k directory.Key) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, errors.New("decode signing key: not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("decode signing key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("decode signing key: not an RSA key")
	}
	return key, nil
}

// JWK is a public key in the format of the keys endpoint (RFC 7517). Entra adds the issuer.
type JWK struct {
	KeyType string `json:"kty"`
	Use     string `json:"use"`
	KeyID   string `json:"kid"`
	N       string `json:"n"`
	E       string `json:"e"`
	Issuer  string `json:"issuer"`
}

// Publish returns the public keys that belong to the signing keys, in the same order.
func Publish(keys []directory.Key, issuer string) ([]JWK, error) {
	var published []JWK
	for _, k := range keys {
		key, err := decodeKey(k)
		if err != nil {
			return nil, err
		}
		published = append(published, JWK{
			KeyType: "RSA",
			Use:     "sig",
			KeyID:   k.ID,
			N:       base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			E:       base64.RawURLEncoding.EncodeToString(exponent(key)),
			Issuer:  issuer,
		})
	}
	return published, nil
}

// exponent returns the public exponent as big-endian bytes without leading zeros
// (RFC 7518, 6.3.1.2).
func exponent(key *rsa.PrivateKey) []byte {
	e := binary.BigEndian.AppendUint32(nil, uint32(key.E)) //nolint:gosec // crypto/rsa keeps E below 2³¹
	for len(e) > 1 && e[0] == 0 {
		e = e[1:]
	}
	return e
}
