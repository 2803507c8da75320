package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/internal/tokenstore"
)

// ring is a keyring in memory whose calls can be made to fail or hang.
type ring struct {
	items   map[string]string
	reads   int           // calls of Get
	changes int           // calls of Set, Delete and DeleteAll
	dieAt   int           // the number of the change at which the process dies; 0 for none
	after   bool          // the process dies after that change instead of before it
	failing error         // returned by Set
	slow    chan struct{} // Set waits for it
	gone    error         // returned by Get
	hang    chan struct{} // Get waits for it
	panics  bool          // Get panics
}

var errDead = errors.New("the process died")

func newRing() *ring { return &ring{items: map[string]string{}} }

func (r *ring) Get(service, account string) (string, error) {
	r.reads++
	if r.hang != nil {
		<-r.hang
	}
	if r.gone != nil {
		return "", r.gone
	}
	if r.panics {
		panic("the bus is gone")
	}
	item, ok := r.items[service+"|"+account]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return item, nil
}

// change makes one change. At dieAt, the process dies: no later change is made.
func (r *ring) change(do func()) error {
	r.changes++
	if r.dieAt == 0 || r.changes < r.dieAt {
		do()
		return nil
	}
	if r.changes == r.dieAt && r.after {
		do()
	}
	return errDead
}

func (r *ring) Set(service, account, secret string) error {
	if r.slow != nil {
		<-r.slow
	}
	if r.failing != nil {
		return r.failing
	}
	return r.change(func() { r.items[service+"|"+account] = secret })
}

func (r *ring) Delete(service, account string) error {
	return r.change(func() { delete(r.items, service+"|"+account) })
}

func (r *ring) DeleteAll(service string) error {
	return r.change(func() {
		for name := range r.items {
			if strings.HasPrefix(name, service+"|") {
				delete(r.items, name)
			}
		}
	})
}

// blob is a cache as MSAL passes it.
type blob struct{ data []byte }

func (b *blob) Marshal() ([]byte, error)    { return b.data, nil }
func (b *blob) Unmarshal(data []byte) error { b.data = bytes.Clone(data); return nil }

const maxItem = 2400 // the 2560 of Windows less a reserve

func open(t *testing.T, r tokenstore.Ring, dir string) *tokenstore.Store {
	t.Helper()
	s, err := tokenstore.New(tokenstore.Config{
		Service:  tokenstore.Service("a", "c", "t"),
		StateDir: dir,
		Ring:     r,
		Wait:     5 * time.Second,
		MaxItem:  maxItem,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func save(ctx context.Context, s *tokenstore.Store, data []byte) error {
	return s.Locked(ctx, func(ctx context.Context) error {
		var old blob
		if err := s.Replace(ctx, &old, cache.ReplaceHints{}); err != nil {
			return err
		}
		return s.Export(ctx, &blob{data}, cache.ExportHints{})
	})
}

// load returns the stored cache, or nil if it is empty.
func load(ctx context.Context, s *tokenstore.Store) ([]byte, error) {
	var b blob
	err := s.Replace(ctx, &b, cache.ReplaceHints{})
	if string(b.data) == emptyCache {
		b.data = nil
	}
	return b.data, err
}

const emptyCache = "{}"

// sample returns incompressible data, so that its size decides the number of items.
func sample(size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte('!' + random.IntN(90))
	}
	return data
}

// change replaces the items whose names end with suffix.
func change(items map[string]string, suffix string, to func(string) string) {
	for name, item := range items {
		if strings.HasSuffix(name, suffix) {
			items[name] = to(item)
		}
	}
}
