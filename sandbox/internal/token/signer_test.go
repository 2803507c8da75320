package token_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// signedTokens returns a key and the same claims signed in both ways.
func signedTokens(t *testing.T, claims map[string]any) (keys []directory.Key, plain, opaque string) {
	t.Helper()
	keys, err := token.NewKeys(1)
	if err != nil {
		t.Fatal(err)
	}
	var s token.Signer
	if plain, err = s.Sign(keys, claims); err != nil {
		t.Fatal(err)
	}
	if opaque, err = s.SignOpaque(keys, claims); err != nil {
		t.Fatal(err)
	}
	return keys, plain, opaque
}

func headerOf(t *testing.T, raw string) (h map[string]string) {
	t.Helper()
	encoded, _, _ := strings.Cut(raw, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(decoded, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSignerVerifiesBothKindsOfTokens(t *testing.T) {
	now := time.Now()
	keys, plain, opaque := signedTokens(t, map[string]any{"ver": "1.0", "exp": now.Add(time.Hour).Unix()})
	var s token.Signer
	for name, raw := range map[string]string{"plain": plain, "opaque": opaque} {
		if _, err := s.Verify(keys, raw, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Verify(keys, raw, now.Add(2*time.Hour)); !errors.Is(err, token.ErrExpired) {
			t.Errorf("%s, expired: got %v", name, err)
		}
		changed := strings.Replace(raw, ".", ".e", 1)
		if _, err := s.Verify(keys, changed, now); err == nil {
			t.Errorf("%s: a changed token was accepted", name)
		}
	}
}

// TestSignerHidesOpaqueTokensFromOthers verifies with the published key, as a client would.
func TestSignerHidesOpaqueTokensFromOthers(t *testing.T) {
	keys, plain, opaque := signedTokens(t, map[string]any{"exp": time.Now().Add(time.Hour).Unix()})
	published, err := token.Publish(keys, "issuer", "microsoftonline.com")
	if err != nil {
		t.Fatal(err)
	}
	key := publicKey(t, published[0])
	byOthers := func(raw string) error {
		_, err := jwt.Parse(raw, func(*jwt.Token) (any, error) { return key, nil })
		return err
	}
	if err := byOthers(plain); err != nil {
		t.Errorf("plain: %v", err)
	}
	if err := byOthers(opaque); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		t.Errorf("opaque: got %v, want an invalid signature", err)
	}
}

func publicKey(t *testing.T, k token.JWK) *rsa.PublicKey {
	t.Helper()
	n, errN := base64.RawURLEncoding.DecodeString(k.N)
	e, errE := base64.RawURLEncoding.DecodeString(k.E)
	if err := errors.Join(errN, errE); err != nil {
		t.Fatal(err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
}

func TestSignerHeaders(t *testing.T) {
	keys, plain, opaque := signedTokens(t, map[string]any{"ver": "2.0"})
	if h := headerOf(t, plain); h["kid"] != keys[0].ID || h["x5t"] != "" || h["nonce"] != "" || h["typ"] != "JWT" {
		t.Errorf("v2.0: got %v", h)
	}
	if h := headerOf(t, opaque); h["nonce"] == "" || h["alg"] != "RS256" {
		t.Errorf("opaque: got %v", h)
	}
	keys, plain, _ = signedTokens(t, map[string]any{"ver": "1.0"})
	if h := headerOf(t, plain); h["x5t"] != keys[0].ID {
		t.Errorf("v1.0: got %v", h)
	}
}

// FuzzVerify checks that Verify accepts no header or payload but the signed ones.
func FuzzVerify(f *testing.F) {
	keys, err := token.NewKeys(1)
	if err != nil {
		f.Fatal(err)
	}
	var s token.Signer
	now := time.Unix(1_790_000_000, 0)
	claims := map[string]any{"exp": now.Add(time.Hour).Unix()}
	plain, errPlain := s.Sign(keys, claims)
	opaque, errOpaque := s.SignOpaque(keys, claims)
	if err := errors.Join(errPlain, errOpaque); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{plain, opaque, "", ".", "..", "e30.e30.", "eyJub25jZSI6IiJ9.e30.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := s.Verify(keys, raw, now); err != nil {
			return
		}
		content := raw[:strings.LastIndex(raw, ".")+1]
		if !strings.HasPrefix(plain, content) && !strings.HasPrefix(opaque, content) {
			t.Errorf("%q was accepted", raw)
		}
	})
}
