package bounded

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"
)

func key(n int) [sha256.Size]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func TestCacheRemovesTheLeastRecentlyUsedEntry(t *testing.T) {
	const limit, users = 100, 200_000
	c := New[string](limit)
	now := time.Now()
	for n := range users {
		c.Put(key(n), "token", now.Add(time.Hour))
		if _, ok := c.Get(key(0), now); !ok { // the most recently used one
			t.Fatalf("the most recently used entry is gone after %d users", n)
		}
		if len(c.entries) > limit || c.order.Len() != len(c.entries) {
			t.Fatalf("after %d users: %d entries, %d in order", n, len(c.entries), c.order.Len())
		}
	}
	if _, ok := c.Get(key(users-limit-1), now); ok {
		t.Error("an old entry is still there")
	}
}

func TestCacheExpiresAndReplacesEntries(t *testing.T) {
	c := New[string](10)
	now := time.Now()
	c.Put(key(1), "token", now.Add(time.Minute))
	if got, ok := c.Get(key(1), now.Add(59*time.Second)); !ok || got != "token" {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := c.Get(key(1), now.Add(time.Minute)); ok || len(c.entries) != 0 {
		t.Error("the entry did not expire")
	}
	c.Put(key(2), "one", now.Add(time.Hour))
	c.Put(key(2), "two", now.Add(time.Hour))
	if got, _ := c.Get(key(2), now); got != "two" || len(c.entries) != 1 {
		t.Errorf("got %q of %d", got, len(c.entries))
	}
}
