package tokenstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

const (
	lockPoll = 50 * time.Millisecond
	lockWait = 30 * time.Second
)

// Locked runs fn while no other process, and no other Locked of this process, uses
// the store. The keyring is read at most once meanwhile. Locked returns the error of
// fn. If fn succeeds but the newest cache could not be saved, it returns a *NotSaved. It
// stops waiting when ctx is done.
func (s *Store) Locked(ctx context.Context, fn func(context.Context) error) error {
	select {
	case s.section <- struct{}{}:
		defer func() { <-s.section }()
	case <-ctx.Done():
		return ctx.Err()
	}
	unlock, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.enter()
	err = fn(ctx)
	notSaved := s.leave()
	if err != nil {
		return err
	}
	return notSaved
}

// acquire locks the lock file. The file is never deleted: two processes could then
// hold locks on two files of the same name.
func (s *Store) acquire(ctx context.Context) (release func(), err error) {
	if s.lock == nil {
		return func() {}, nil
	}
	limited, cancel := context.WithTimeout(ctx, s.config.LockWait)
	defer cancel()
	if ok, err := s.lock.TryLockContext(limited, lockPoll); !ok {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			return nil, statefile.WriteFault(s.lock.Path(), err)
		}
		return nil, &fault.Error{
			Kind: fault.Unavailable,
			What: "another profilectl is using the stored sign-in",
			Fix:  "wait until it is done, then run the command again",
			Err:  err,
		}
	}
	return s.release, nil
}

// release unlocks the lock file, after a keyring call that timed out has ended: it could
// still overwrite what another process saves. The end of the process releases the lock
// too.
func (s *Store) release() {
	late := s.ring.abandoned()
	if late == nil {
		_ = s.lock.Unlock()
		return
	}
	go func() {
		for range late { // until it is closed
		}
		s.section <- struct{}{} // a section that runs now still needs the lock
		_ = s.lock.Unlock()
		<-s.section
	}()
}

// enter begins a locked section. The cache is read again if another process may have
// changed it.
func (s *Store) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside = true
	current := s.version != "" && s.version == s.readVersion()
	s.loaded = s.ring == nil || s.unreadable || current
}

func (s *Store) leave() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside = false
	if s.notSaved == nil {
		return nil
	}
	return &NotSaved{Err: fault.As(s.notSaved)}
}

// unsaved returns why the newest cache is only in memory, or nil.
func (s *Store) unsaved() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notSaved
}

// within runs fn with mu held, inside of Locked.
func (s *Store) within(ctx context.Context, fn func(context.Context) error) error {
	s.mu.Lock()
	if s.inside {
		defer s.mu.Unlock()
		return fn(ctx)
	}
	s.mu.Unlock()
	return s.Locked(ctx, func(ctx context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		return fn(ctx)
	})
}

// Replace passes the stored cache to MSAL, or an empty one: MSAL has to forget the
// accounts that another process removed, and would store them again otherwise. Outside
// of Locked, it takes the lock itself.
func (s *Store) Replace(ctx context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	return s.within(ctx, func(ctx context.Context) error {
		if err := s.load(ctx); err != nil {
			return err
		}
		stored := s.cache
		if stored == nil {
			stored = []byte("{}")
		}
		if err := into.Unmarshal(stored); err != nil && !s.replacing {
			return damaged(err)
		}
		return nil
	})
}

// Export stores MSAL's cache if it has changed. If the keyring rejects it, Export
// returns nil, the cache stays in memory, and Locked returns a *NotSaved at its end.
func (s *Store) Export(ctx context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	return s.within(ctx, func(ctx context.Context) error {
		next, err := from.Marshal()
		if err != nil {
			return fmt.Errorf("marshal token cache: %w", err)
		}
		s.cache, s.loaded = next, true
		if s.ring == nil || s.unreadable {
			return nil
		}
		if bytes.Equal(next, s.saved) {
			s.notSaved = nil
			return nil
		}
		// Ctrl-C does not interrupt a save, which is short and has limits of its own.
		if s.notSaved = s.save(context.WithoutCancel(ctx), next); s.notSaved == nil {
			s.saved = next
		} else {
			s.version = s.readVersion() // it changes if another process saves its cache
		}
		return nil
	})
}

// load reads the keyring once in a locked section. If the keyring fails while the
// user is in the browser, the sign-in is not lost: it continues in memory.
func (s *Store) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	found, err := s.read(ctx)
	isDamaged := err != nil && fault.As(err).Kind == fault.SignIn
	switch {
	case s.notSaved != nil && ctx.Err() == nil:
		s.reconcile(found, err)
		return nil
	case err == nil, isDamaged && s.replacing:
		s.cache, s.saved, s.version, s.loaded = found, found, s.readVersion(), true
		return nil
	case !s.replacing, ctx.Err() != nil:
		return err
	default:
		s.notSaved, s.unreadable, s.loaded = err, true, true
		return nil
	}
}

// reconcile adds what this process could not save to the cache that another process has
// saved since. If that cache cannot be read, the one in memory is not saved any more.
func (s *Store) reconcile(found []byte, err error) {
	merged := s.cache
	if err == nil {
		merged, err = merge(s.saved, s.cache, found)
	}
	s.loaded, s.unreadable = true, err != nil
	if err == nil {
		s.cache, s.saved, s.version = merged, found, s.readVersion()
	}
}

// damaged returns the fault of data that cannot be read back. A sign-in replaces it.
func damaged(err error) error {
	return &fault.Error{
		Kind: fault.SignIn,
		What: "the stored sign-in is damaged",
		Next: fault.DoSignIn,
		Err:  err,
	}
}
