// Package bounded provides a cache of limited size whose entries expire. Its keys are
// hashes, so that it can hold what is known about a token without the token itself.
package bounded

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// Key is the SHA-256 hash of a token, or of another text that a value belongs to.
type Key = [sha256.Size]byte

// KeyOf returns the key of a token.
func KeyOf(token string) Key { return sha256.Sum256([]byte(token)) }

// Cache is an LRU cache whose entries also expire. It is safe for concurrent use.
type Cache[V any] struct {
	mu      sync.Mutex
	limit   int
	entries map[Key]*list.Element
	order   *list.List // of *entry[V], the most recently used first
}

type entry[V any] struct {
	key   Key
	value V
	until time.Time // when it expires
}

// New returns a cache for at most limit values.
func New[V any](limit int) *Cache[V] {
	return &Cache[V]{limit: limit, entries: map[Key]*list.Element{}, order: list.New()}
}

// Get returns the value of a key, and false if there is none or it has expired.
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

// Renew returns the value of a key, which expires at until from now on. If there is none,
// or it has expired, Renew stores what create returns. Concurrent callers get the same
// value.
func (c *Cache[V]) Renew(key Key, now, until time.Time, create func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.entries[key]; ok {
		e, _ := element.Value.(*entry[V])
		if now.Before(e.until) {
			e.until = until
			c.order.MoveToFront(element)
			return e.value
		}
		c.remove(element)
	}
	value := create()
	c.add(key, value, until)
	return value
}

// Put stores a value until it expires and replaces the key's older value. If the cache
// is full, the least recently used value is removed.
func (c *Cache[V]) Put(key Key, value V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.remove(old)
	}
	c.add(key, value, until)
}

// Delete removes the value of a key.
func (c *Cache[V]) Delete(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.remove(old)
	}
}

// Len returns the number of values, expired ones included.
func (c *Cache[V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

// add adds an entry, whose key must not have one. The caller holds the lock.
func (c *Cache[V]) add(key Key, value V, until time.Time) {
	c.entries[key] = c.order.PushFront(&entry[V]{key: key, value: value, until: until})
	for c.order.Len() > c.limit {
		c.remove(c.order.Back())
	}
}

// remove removes an entry. The caller holds the lock.
func (c *Cache[V]) remove(element *list.Element) {
	e, _ := c.order.Remove(element).(*entry[V])
	delete(c.entries, e.key)
}
