package audit

import (
	"context"
	"slices"
	"sync"
)

// maxEntries limits how many entries a Log keeps.
const maxEntries = 1000

// Log keeps the latest 1000 entries. Use NewLog to make one. It is safe for
// concurrent use.
type Log struct {
	mu      sync.Mutex
	entries []Entry // oldest first
	last    int64   // number of the latest entry
	added   chan struct{}
}

// NewLog returns an empty log.
func NewLog() *Log { return &Log{added: make(chan struct{})} }

// Add gives an entry the next number and keeps it.
func (l *Log) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e.Number = l.last
	l.entries = append(l.entries, e)
	if extra := len(l.entries) - maxEntries; extra > 0 {
		l.entries = slices.Delete(l.entries, 0, extra)
	}
	close(l.added)
	l.added = make(chan struct{})
}

// After returns the entries whose number is greater than number, the oldest first.
func (l *Log) After(number int64) []Entry {
	entries, _ := l.after(number)
	return entries
}

// after also returns a channel that is closed when the next entry is added.
func (l *Log) after(number int64) ([]Entry, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearchFunc(l.entries, number+1, func(e Entry, n int64) int { return int(e.Number - n) })
	return slices.Clone(l.entries[i:]), l.added
}

// Wait returns the entries whose number is greater than number. If there are none,
// it waits for one, or until ctx is done.
func (l *Log) Wait(ctx context.Context, number int64) []Entry {
	for {
		entries, added := l.after(number)
		if len(entries) > 0 {
			return entries
		}
		select {
		case <-added:
		case <-ctx.Done():
			return nil
		}
	}
}
