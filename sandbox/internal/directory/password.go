package directory

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

const (
	saltBytes = 16
	hashBytes = 32
	// Iterations is OWASP's figure for PBKDF2 with HMAC-SHA-256.
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
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s", iterations, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// Matches tells whether a password is the one whose stored form is hash. An
// empty or unreadable hash matches nothing, after as much work as a good one,
// so that the time does not tell who has an account.
func Matches(password, hash string, iterations int) bool {
	salt, want := make([]byte, saltBytes), make([]byte, hashBytes)
	parts := strings.Split(hash, "$")
	known := len(parts) == 4 && parts[0] == "pbkdf2-sha256"
	if known {
		n, err1 := strconv.Atoi(parts[1])
		s, err2 := base64.RawStdEncoding.DecodeString(parts[2])
		w, err3 := base64.RawStdEncoding.DecodeString(parts[3])
		if known = err1 == nil && err2 == nil && err3 == nil && n > 0 && len(w) == hashBytes; known {
			iterations, salt, want = n, s, w
		}
	}
	got, err := pbkdf2.Key(sha256.New, password, salt, iterations, hashBytes)
	return err == nil && known && subtle.ConstantTimeCompare(got, want) == 1
}
