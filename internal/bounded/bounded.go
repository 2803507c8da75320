// Package bounded keeps things for a while in a bounded amount of memory: what
// was found out about a token, by the token's hash.
package bounded

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// Key is the hash of what a value belongs to, so that no token is kept as a key.
type Key = [sha256.Size]byte

// KeyOf hashes a token.
func KeyOf(token string) Key { return sha256.Sum256([]byte(token)) }

// Cache keeps values until they expire; the least recently used one leaves
// first when there are too many. It is safe for concurrent use.
type Cache[V any] struct {
	mu      sync.Mutex
	most    int
	entries map[Key]*list.Element
	order   *list.List // of *entry[V], the most recently used first
}

type entry[V any] struct {
	key   Key
	value V
	until time.Time
}

// New returns a cache for at most so many values.
func New[V any](most int) *Cache[V] {
	return &Cache[V]{most: most, entries: map[Key]*list.Element{}, order: list.New()}
}

// Get returns the value, unless it is not there or its time is over.
func (c *Cache[V]) Get(key Key, now time.Time) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return value, false
	}
	e, _ := element.Value.(*entry[V])
	if !now.Before(e.until) {
		c.remove(element)
		return value, false
	}
	c.order.MoveToFront(element)
	return e.value, true
}

// Put keeps a value until a moment, in the place of an older one.
func (c *Cache[V]) Put(key Key, value V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.remove(old)
	}
	c.entries[key] = c.order.PushFront(&entry[V]{key: key, value: value, until: until})
	for c.order.Len() > c.most {
		c.remove(c.order.Back())
	}
}

// Delete forgets a value.
func (c *Cache[V]) Delete(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.remove(old)
	}
}

// Len is how many values are kept.
func (c *Cache[V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

// remove takes an entry out. The caller holds the lock.
func (c *Cache[V]) remove(element *list.Element) {
	e, _ := c.order.Remove(element).(*entry[V])
	delete(c.entries, e.key)
}
