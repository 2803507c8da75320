package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Seal encodes v as JSON and encrypts it (AES-GCM). Only Open with the same key can read
// the result. The key must have 16, 24 or 32 bytes.
func Seal(key []byte, v any) (string, error) {
	aead, err := newAEAD(key)
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

// Open decrypts a string that Seal returned and decodes it into v. It returns an error if
// the string was sealed with another key or was changed.
func Open(key []byte, sealed string, v any) error {
	aead, err := newAEAD(key)
	if err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < aead.NonceSize() {
		return errors.New("open: not a sealed string")
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

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("create cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// Pairwise returns the sub claim of a user for one client: a value that is always the same
// for that client and different for every other (OpenID Connect Core 8.1).
func Pairwise(sealKey []byte, userID, clientID string) string {
	sum := sha256.Sum256([]byte(string(sealKey) + "|" + userID + "|" + clientID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
