//go:build unix

package shared_test

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/shared"
)

func newKeyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	writeKey(t, path)
	return path
}

func writeKey(t *testing.T, path string) {
	t.Helper()
	writeKeys(t, path, newKey())
}

// newKey returns a line of a key file.
func newKey() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(key[:])
}

func writeKeys(t *testing.T, path string, keys ...string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStoreUsesARenewedKey(t *testing.T) {
	s := startRedis(t)
	keyFile := newKeyFile(t)
	store := s.open(keyFile, io.Discard)
	key := bounded.KeyOf("assertion")
	store.Put(t.Context(), key, token, time.Now().Add(time.Hour))
	writeKey(t, keyFile)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, _, ok := store.Get(t.Context(), key); !ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the old key is still used")
		}
	}
	store.Put(t.Context(), key, token, time.Now().Add(time.Hour))
	if _, _, ok := s.open(keyFile, io.Discard).Get(t.Context(), key); !ok {
		t.Error("another replica cannot open what the new key sealed")
	}
}

// TestStoreReplacesAKeyWithoutLosingValues replaces the key of two replicas as the runbook
// describes it: the new key is added, then moved to the front, then the old one is removed.
// Between the steps the replicas have different files, as they do while files are rolled
// out.
func TestStoreReplacesAKeyWithoutLosingValues(t *testing.T) {
	s := startRedis(t)
	before, after := newKey(), newKey()
	replica := func(keys ...string) *shared.Store {
		path := filepath.Join(t.TempDir(), "key")
		writeKeys(t, path, keys...)
		return s.open(path, io.Discard)
	}
	old, added := replica(before), replica(before, after)
	moved, removed := replica(after, before), replica(after)
	until := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name     string
		from, to *shared.Store
		found    bool
	}{
		{"the old key alone and the new one added", old, added, true},
		{"the new key added and the old one alone", added, old, true},
		{"the new key added and moved", added, moved, true},
		{"the new key moved and added", moved, added, true},
		{"the new key moved and alone", moved, removed, true},
		{"the new key alone and moved", removed, moved, true},
		{"the old key alone and the new one moved", old, moved, true},
		{"the new key moved and the old one alone", moved, old, false}, // a step was skipped
		{"the old key and the new one", old, removed, false},
	} {
		key := bounded.KeyOf(c.name)
		c.from.Put(t.Context(), key, token, until)
		got, _, ok := c.to.Get(t.Context(), key)
		if ok != c.found || ok && got != token {
			t.Errorf("%s: got %q, %v", c.name, got, ok)
		}
		c.to.Delete(t.Context(), key)
		if _, _, ok := c.from.Get(t.Context(), key); ok && c.found {
			t.Errorf("%s: found after its removal", c.name)
		}
	}
}
