package token

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// Forgery describes how a token for a test is signed.
type Forgery struct {
	Algorithm string // RS256, RS384, RS512, PS256, HS256 or none
	KeyID     string // kid in the header; empty is that of the signing key
	WrongKey  bool   // sign with a key that nobody publishes
}

// Forge returns the claims as a token that is signed as f says. With HS256, the secret is the
// public key in PEM, as in attacks on verifiers that let the token choose the algorithm.
func (s *Signer) Forge(keys []directory.Key, claims map[string]any, f Forgery) (string, error) {
	key, err := s.key(keys[0])
	if err == nil && f.WrongKey {
		key, err = rsa.GenerateKey(rand.Reader, keyBits)
	}
	if err != nil {
		return "", fmt.Errorf("forge token: %w", err)
	}
	method := jwt.GetSigningMethod(f.Algorithm)
	var secret any = key
	switch f.Algorithm {
	case "RS256", "RS384", "RS512", "PS256":
	case "none":
		secret = jwt.UnsafeAllowNoneSignatureType
	case "HS256":
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			return "", fmt.Errorf("forge token: %w", err)
		}
		secret = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	default:
		return "", fmt.Errorf("the sandbox cannot sign with %q; it can with RS256, RS384, RS512, PS256, "+
			"HS256 and none", f.Algorithm)
	}
	t := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	if t.Header["kid"] = f.KeyID; f.KeyID == "" {
		t.Header["kid"] = keys[0].ID
	}
	return t.SignedString(secret)
}

// Decode returns the header and the claims of a token without verifying it. Numbers are
// json.Number.
func Decode(raw string) (header, claims map[string]any, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("decode token: not three parts")
	}
	for i, into := range []*map[string]any{&header, &claims} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, nil, fmt.Errorf("decode token: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(part))
		d.UseNumber()
		if err := d.Decode(into); err != nil {
			return nil, nil, fmt.Errorf("decode token: %w", err)
		}
	}
	return header, claims, nil
}
