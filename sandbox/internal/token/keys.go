// Package token creates and reads the tenant's tokens. There are two kinds: access and ID
// tokens, which are signed as Entra's v2.0 endpoint signs them, and sealed strings, which
// only the tenant can read. Refresh tokens are sealed, and so is the record of how the user
// authenticated, which an access token carries in its opaque aio claim.
package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // for x5t only
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	keyBits     = 2048 // the size of Entra's signing keys
	serialBytes = 16   // of a certificate's serial number
)

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
	certificate, err := selfSigned(key)
	if err != nil {
		return directory.Key{}, err
	}
	thumbprint := sha1.Sum(certificate) //nolint:gosec // x5t is defined with SHA-1 (RFC 7517, 4.8)
	return directory.Key{
		ID:  base64.RawURLEncoding.EncodeToString(thumbprint[:]),
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

// selfSigned returns the certificate that Entra publishes with a key (DER). Only the key in it
// matters, so it does not expire during a test that moves the clock. It is the same each time,
// because nothing in it is random and PKCS #1 v1.5 signatures are not either.
func selfSigned(key *rsa.PrivateKey) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(key.N.Bytes()[:serialBytes]),
		Subject:      pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certify signing key: %w", err)
	}
	return certificate, nil
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

// JWK is a public key in the format of the keys endpoint (RFC 7517). Entra adds the cloud and
// the issuer.
type JWK struct {
	KeyType       string   `json:"kty"`
	Use           string   `json:"use"`
	KeyID         string   `json:"kid"`
	Thumbprint    string   `json:"x5t"` // the same as KeyID, as in Entra
	N             string   `json:"n"`
	E             string   `json:"e"`
	Certificates  [][]byte `json:"x5c"` // DER; as JSON in base64
	CloudInstance string   `json:"cloud_instance_name"`
	Issuer        string   `json:"issuer"`
}

// Publish returns the public keys that belong to the signing keys, in the same order.
func Publish(keys []directory.Key, issuer, cloudInstance string) ([]JWK, error) {
	var published []JWK
	for _, k := range keys {
		key, err := decodeKey(k)
		if err != nil {
			return nil, err
		}
		public := JWK{
			KeyType:       "RSA",
			Use:           "sig",
			KeyID:         k.ID,
			Thumbprint:    k.ID,
			N:             base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			E:             base64.RawURLEncoding.EncodeToString(exponent(key)),
			CloudInstance: cloudInstance,
			Issuer:        issuer,
		}
		certificate, err := selfSigned(key)
		if err != nil {
			return nil, err
		}
		public.Certificates = [][]byte{certificate}
		published = append(published, public)
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
