package auth_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/sandbox"
)

// TestForgetHoldsTheLockUntilTheStoreIsEmpty lets another command wait for the store while
// the only account is removed. If it could use the store before Forget has ended, a sign-in
// of it would be removed, too.
func TestForgetHoldsTheLockUntilTheStoreIsEmpty(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	ring := &memoryRing{items: map[string]string{}}
	store, err := tokenstore.New(tokenstore.Config{Service: "s", StateDir: t.TempDir(), Ring: ring, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w.configure(t, func(c *auth.Config) { c.Open, c.Store = w.open(t), store })
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan int, 1)
	ring.onSet(func() {
		go func() {
			_ = store.Locked(t.Context(), func(context.Context) error {
				left <- ring.size()
				return nil
			})
		}()
		for range 1000 {
			runtime.Gosched() // until the other one waits
		}
	})
	if err := w.client.Forget(t.Context(), signedIn.Account); err != nil {
		t.Fatal(err)
	}
	if n := <-left; n != 0 {
		t.Errorf("another command used the store while it still had %d items", n)
	}
}

// memoryRing is a keyring in memory with one service.
type memoryRing struct {
	mu    sync.Mutex
	items map[string]string
	next  func()
}

// onSet calls fn before the next item is stored.
func (r *memoryRing) onSet(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = fn
}

func (r *memoryRing) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.items)
}

func (r *memoryRing) Get(_, account string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if secret, ok := r.items[account]; ok {
		return secret, nil
	}
	return "", keyring.ErrNotFound
}

func (r *memoryRing) Set(_, account, secret string) error {
	r.mu.Lock()
	fn := r.next
	r.next, r.items[account] = nil, secret
	r.mu.Unlock()
	if fn != nil {
		fn()
	}
	return nil
}

func (r *memoryRing) Delete(_, account string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.items, account)
	return nil
}

func (r *memoryRing) DeleteAll(string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.items)
	return nil
}
