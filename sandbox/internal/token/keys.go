// Package token makes and reads the tenant's tokens: signed access and id
// tokens, as Entra's v2 endpoint issues them, and sealed strings that only the
// tenant can read (refresh tokens, and the authentication facts that travel
// inside an access token's opaque aio claim).
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

const keyBits = 2048 // as Entra's

// NewKeys makes n signing keys, side by side: it is what starting a tenant
// spends its time on.
func NewKeys(n int) ([]directory.Key, error) {
	keys := make([]directory.Key, n)
	failed := make(chan error, n)
	for i := range keys {
		go func() {
			var err error
			keys[i], err = newKey()
			failed <- err
		}()
	}
	var err error
	for range keys {
		err = errors.Join(err, <-failed)
	}
	return keys, err
}

func newKey() (directory.Key, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return directory.Key{}, fmt.Errorf("make signing key: %w", err)
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

// private decodes a signing key.
func private(k directory.Key) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, errors.New("read signing key: no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("read signing key: not RSA")
	}
	return key, nil
}

// JWK is a public key as the keys endpoint publishes it (RFC 7517).
type JWK struct {
	KeyType string `json:"kty"`
	Use     string `json:"use"`
	KeyID   string `json:"kid"`
	N       string `json:"n"`
	E       string `json:"e"`
	Issuer  string `json:"issuer"`
}

// Publish returns the public halves.
func Publish(keys []directory.Key, issuer string) ([]JWK, error) {
	var published []JWK
	for _, k := range keys {
		key, err := private(k)
		if err != nil {
			return nil, err
		}
		e := binary.BigEndian.AppendUint32(nil, uint32(key.E))
		for len(e) > 1 && e[0] == 0 {
			e = e[1:]
		}
		published = append(published, JWK{
			KeyType: "RSA", Use: "sig", KeyID: k.ID, Issuer: issuer,
			N: base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			E: base64.RawURLEncoding.EncodeToString(e),
		})
	}
	return published, nil
}
