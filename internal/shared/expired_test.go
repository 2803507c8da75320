//go:build unix

package shared_test

import (
	"io"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/bounded"
)

func TestStoreRejectsExpiredTokensThatRedisKeeps(t *testing.T) {
	s := startRedis(t)
	store := s.open(newKeyFile(t), io.Discard)
	raw := s.client()
	defer raw.Close()
	short := bounded.KeyOf("short")
	store.Put(t.Context(), short, token, time.Now().Add(5*time.Second))
	names, err := raw.Keys(t.Context(), "*").Result()
	if err != nil || len(names) != 1 {
		t.Fatalf("redis has %q, %v", names, err)
	}
	if kept, err := raw.Persist(t.Context(), names[0]).Result(); err != nil || !kept {
		t.Fatalf("redis has dropped the token: %v", err)
	}
	if _, _, ok := store.Get(t.Context(), short); !ok {
		t.Fatal("the token is not returned before it expires")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, _, ok := store.Get(t.Context(), short); !ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("an expired token was returned")
		}
	}
	if n, err := raw.Exists(t.Context(), names[0]).Result(); err != nil || n != 1 {
		t.Errorf("redis does not keep the token: %v", err)
	}
}
