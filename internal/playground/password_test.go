package playground_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
)

// The number of iterations is the one that OWASP recommends for PBKDF2 with HMAC-SHA-256.
func TestPasswordsAreHashedWithFewIterationsOnlyInTests(t *testing.T) {
	for hash, options := range map[string]playground.Options{
		"pbkdf2-sha256$600000$": {},
		"pbkdf2-sha256$1000$":   {QuickPasswords: true},
	} {
		options.Dir = t.TempDir()
		p, err := playground.Start(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		if !anyFileContains(t, options.Dir, hash) {
			t.Errorf("with QuickPasswords %v, the tenant keeps no hash %s", options.QuickPasswords, hash)
		}
	}
}

func anyFileContains(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		found = found || strings.Contains(string(raw), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
