package shared

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	keyBytes  = 32 // of the key in the file, and of the keys derived from it
	timeBytes = 8
)

// sealer hides from Redis, and from everyone who can read it, what is stored there. Names
// are HMACs. Values are sealed with AES-256-GCM, each bound to its name.
type sealer struct {
	names []byte
	aead  cipher.AEAD
}

// keyring is the keys of a key file, at least one. The first one seals what is stored and
// the others only open it, so that keys can be replaced while replicas run.
type keyring []*sealer

// readKeys reads a key file. Each line is a key: 32 bytes in base64, as
// `openssl rand -base64 32` writes them.
func readKeys(path string) (keyring, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ring keyring
	for line := range strings.FieldsSeq(strings.TrimPrefix(string(text), "\ufeff")) {
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keyBytes {
			return nil, errors.New("each line of the file must hold 32 bytes in base64")
		}
		s, err := newSealer(key)
		if err != nil {
			return nil, err
		}
		ring = append(ring, s)
	}
	if len(ring) == 0 {
		return nil, errors.New("the file holds no key")
	}
	return ring, nil
}

// newSealer derives the keys of a sealer from a key of keyBytes.
func newSealer(key []byte) (*sealer, error) {
	names, namesErr := hkdf.Key(sha256.New, key, nil, "profilectl cache names", keyBytes)
	values, valuesErr := hkdf.Key(sha256.New, key, nil, "profilectl cache values", keyBytes)
	if err := errors.Join(namesErr, valuesErr); err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	block, err := aes.NewCipher(values)
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	return &sealer{names: names, aead: aead}, nil
}

// name returns the name in Redis under which something is stored.
func (s *sealer) name(kind string, what []byte) string {
	mac := hmac.New(sha256.New, s.names)
	mac.Write([]byte(kind))
	mac.Write(what)
	return "profilectl:1:" + kind + ":" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// seal returns a value and its expiry as they are stored under a name.
func (s *sealer) seal(name, value string, until time.Time) []byte {
	plain := make([]byte, 0, timeBytes+len(value))
	plain = binary.BigEndian.AppendUint64(plain, uint64(until.Unix())) //nolint:gosec // open converts it back
	plain = append(plain, value...)
	return s.aead.Seal(nil, nil, plain, []byte(name)) //nolint:gosec // this AEAD makes its own nonce
}

// open returns a sealed value and its expiry. It returns false if the value was sealed with
// another key or for another name, or was changed.
func (s *sealer) open(name string, sealed []byte) (value string, until time.Time, ok bool) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte(name))
	if err != nil || len(plain) < timeBytes {
		return "", time.Time{}, false
	}
	seconds := binary.BigEndian.Uint64(plain)
	return string(plain[timeBytes:]), time.Unix(int64(seconds), 0), true //nolint:gosec // seal converted it
}
