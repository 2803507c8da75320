package auth

import (
	"context"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/tokenstore"
)

// lockSpan is a store that is locked from MSAL's Replace to its Export. Between
// them, the store's Locked runs in a goroutine.
type lockSpan struct {
	store *tokenstore.Store
	mu    sync.Mutex
	open  chan struct{} // closed to end the locked section; nil if there is none
	ended chan error    // receives the result of Locked
	last  error         // the result of the last locked section
}

var _ cache.ExportReplace = (*lockSpan)(nil)

// Replace locks the store and gives MSAL its content.
func (l *lockSpan) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	_ = l.release() // the lock of a Replace that no Export followed
	l.mu.Lock()
	l.open, l.ended = make(chan struct{}), make(chan error, 1)
	open, ended := l.open, l.ended
	l.mu.Unlock()
	inside := make(chan struct{})
	go func() {
		ended <- l.store.Locked(ctx, func(context.Context) error {
			close(inside)
			<-open
			return nil
		})
	}()
	select {
	case <-inside:
		return l.store.Replace(ctx, into, hints)
	case err := <-ended:
		ended <- nil
		return err
	}
}

// Export saves MSAL's cache and unlocks the store.
func (l *lockSpan) Export(ctx context.Context, from cache.Marshaler, hints cache.ExportHints) error {
	err := l.store.Export(ctx, from, hints)
	l.last = l.release()
	return err
}

// release ends the locked section, if there is one. It returns the result of the
// last section: a *tokenstore.NotSaved if the cache is in memory only.
func (l *lockSpan) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		return l.last
	}
	close(l.open)
	l.open = nil
	return <-l.ended
}
