package directory

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	saltBytes = 16
	hashBytes = 32
	// Iterations is the number of iterations that OWASP recommends for PBKDF2 with
	// HMAC-SHA-256.
	Iterations = 600_000
)

// Hash returns the stored form of a password:
// pbkdf2-sha256$iterations$salt$hash.
func Hash(password string, iterations int) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, hashBytes)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s",
		iterations, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// Matches reports whether hash is the stored form of password. An empty or
// malformed hash matches no password, but takes as long as iterations of PBKDF2,
// so the response time does not reveal which addresses have an account.
func Matches(password, hash string, iterations int) bool {
	stored, wellFormed := parseHash(hash)
	if !wellFormed {
		stored = storedHash{iterations: iterations, salt: make([]byte, saltBytes), key: make([]byte, hashBytes)}
	}
	key, err := pbkdf2.Key(sha256.New, password, stored.salt, stored.iterations, hashBytes)
	return err == nil && wellFormed && subtle.ConstantTimeCompare(key, stored.key) == 1
}

// IsHash reports whether hash is the stored form of a password that takes at most ten times
// as long to check as those that Hash returns for Iterations.
func IsHash(hash string) bool {
	h, ok := parseHash(hash)
	return ok && h.iterations <= 10*Iterations
}

// storedHash holds the parts of a stored password.
type storedHash struct {
	iterations int
	salt, key  []byte
}

// parseHash parses what Hash returns.
func parseHash(hash string) (h storedHash, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return storedHash{}, false
	}
	var errs [3]error
	h.iterations, errs[0] = strconv.Atoi(parts[1])
	h.salt, errs[1] = base64.RawStdEncoding.DecodeString(parts[2])
	h.key, errs[2] = base64.RawStdEncoding.DecodeString(parts[3])
	return h, errors.Join(errs[:]...) == nil && h.iterations > 0 && len(h.key) == hashBytes
}
