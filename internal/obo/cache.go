package obo

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// cache keeps exchanged tokens by the hash of their assertion, the least
// recently used one leaving first. Its size is bounded by its number of
// entries: a token has at most a few kilobytes.
type cache struct {
	mu      sync.Mutex
	most    int
	entries map[[sha256.Size]byte]*list.Element
	order   *list.List // of *entry, the most recently used first
}

type entry struct {
	key   [sha256.Size]byte
	token string
	until time.Time
}

func newCache(most int) *cache {
	return &cache{most: most, entries: map[[sha256.Size]byte]*list.Element{}, order: list.New()}
}

func (c *cache) get(key [sha256.Size]byte, now time.Time) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return "", false
	}
	e, _ := element.Value.(*entry)
	if !now.Before(e.until) {
		c.remove(element)
		return "", false
	}
	c.order.MoveToFront(element)
	return e.token, true
}

func (c *cache) put(key [sha256.Size]byte, token string, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.remove(old)
	}
	c.entries[key] = c.order.PushFront(&entry{key: key, token: token, until: until})
	for c.order.Len() > c.most {
		c.remove(c.order.Back())
	}
}

// remove takes an entry out. The caller holds the lock.
func (c *cache) remove(element *list.Element) {
	e, _ := c.order.Remove(element).(*entry)
	delete(c.entries, e.key)
}
