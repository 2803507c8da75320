// Package tokenstore keeps MSAL's token cache in the keyring of the operating
// system and never loses it.
//
// A store belongs to one client of one authority. Its bytes travel so:
//
//	MSAL ──Export──▶ Store ──flate, parts, SHA-256 (pc1)──▶ Ring ──▶ OS keyring
//	MSAL ◀─Replace── Store ◀──────────checked───────────── Ring ◀── OS keyring
//
// Locked puts a lock file around a whole call of MSAL's, so that two processes
// never refresh the same token or overwrite each other's cache. Inside it the
// keyring is read once and written only when something changed. What cannot be
// saved is kept in memory for the rest of the process, and said.
//
// There is no fall-back to a plain file: a keyring that cannot be used is a
// fault with a remedy. A person may ask for one (NewFile).
package tokenstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/gofrs/flock"

	"github.com/profilectl/profilectl/internal/fault"
)

// Config describes a store in a keyring. All fields but MaxItem, LockWait
// and Waiting must be set.
type Config struct {
	Service  string // the keyring's service name, see Service
	StateDir string // for the lock and the list of pending parts; made with 0700
	Ring     Ring
	// Wait limits one call of the keyring. A person who is asked to unlock it
	// needs time; without a terminal there is nobody to ask.
	Wait time.Duration
	// Waiting is told once when the keyring lets us wait for two seconds.
	Waiting func()
	// LockWait limits the wait for another process that uses the store; 0 is 30
	// seconds.
	LockWait time.Duration
	MaxItem  int // bytes that fit into one item; 0 is the platform's limit
	// Raw stores bytes as they are, where items may hold any: on Windows and
	// macOS always, elsewhere only if it is set. Otherwise they are made text,
	// which some keyrings of Linux need (KeePassXC).
	Raw bool
}

// Ring is the OS keyring, as go-keyring offers it.
type Ring interface {
	Get(service, account string) (string, error)
	Set(service, account, secret string) error
	Delete(service, account string) error
	DeleteAll(service string) error
}

// Store keeps one MSAL cache. It implements MSAL's cache.ExportReplace and is
// safe for concurrent use.
type Store struct {
	config Config
	kind   string
	ring   *guarded // nil: memory only
	lock   *flock.Flock

	mu     sync.Mutex // one Locked at a time in this process
	data   sync.Mutex // guards what follows
	inside bool       // within Locked
	loaded bool       // cache is what the keyring has, or newer
	cache  []byte     // MSAL's JSON; nil for none
	saved  []byte     // what the keyring has
	seen   string     // the version of that; empty if it is not known
	stored head       // the head that the keyring has
	lost   error      // why the newest cache is in memory only
	afresh bool       // damaged data is passed over: a sign-in replaces it
	blind  bool       // the keyring cannot be read any more: a save could undo another's
}

var _ cache.ExportReplace = (*Store)(nil)

// NotSaved says that MSAL's newest cache could not be written to the keyring.
// It is kept in memory: this process can go on, the next one will not know of
// it.
type NotSaved struct{ Err *fault.Error }

// Error says why.
func (n *NotSaved) Error() string { return n.Err.Error() }

// Unwrap returns the fault.
func (n *NotSaved) Unwrap() error { return n.Err }

const (
	lockPoll = 50 * time.Millisecond
	lockWait = 30 * time.Second
)

// Service returns the keyring's service name for a client of an authority. It
// holds no colon, by which Windows would mix names up, and is short enough for
// every platform.
func Service(authority, clientID, tenant string) string {
	sum := sha256.Sum256([]byte(authority + "|" + clientID + "|" + tenant))
	return "profilectl/" + hex.EncodeToString(sum[:6])
}

// New returns a store in the keyring. Nothing is read yet.
func New(c Config) (*Store, error) {
	if err := os.MkdirAll(c.StateDir, 0o700); err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage, What: "the state folder " + c.StateDir + " cannot be made",
			Fix: "make it writable, or name another one in XDG_STATE_HOME", Err: err,
		}
	}
	if c.MaxItem == 0 {
		c.MaxItem = platformMax(runtime.GOOS)
	}
	if c.LockWait == 0 {
		c.LockWait = lockWait
	}
	c.Raw = c.Raw || runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	sum := sha256.Sum256([]byte(c.Service))
	name := hex.EncodeToString(sum[:6])
	return &Store{
		config: c, kind: "keyring",
		ring: &guarded{ring: c.Ring, wait: c.Wait, waiting: c.Waiting},
		lock: flock.New(filepath.Join(c.StateDir, name+".lock")),
	}, nil
}

// Memory returns a store that keeps nothing beyond the process.
func Memory() *Store { return &Store{kind: "memory"} }

// Kind says where the cache is kept: "keyring", "file" or "memory".
func (s *Store) Kind() string { return s.kind }

// Prepare makes the store ready for a sign-in: it asks the keyring for anything
// at all, so that a person is not sent to the browser in vain, and lets the
// coming sign-in replace what is damaged.
func (s *Store) Prepare(ctx context.Context) error {
	s.data.Lock()
	s.afresh = true
	s.data.Unlock()
	if s.ring == nil {
		return nil
	}
	_, err := s.ring.get(ctx, s.config.Service, headName)
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

// Locked runs fn while no other process, and no other Locked of this one, uses
// the store. The keyring is read at most once inside. It returns fn's error;
// where fn succeeded but the newest cache could not be saved, a *NotSaved.
func (s *Store) Locked(ctx context.Context, fn func(context.Context) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	unlock, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.enter()
	err = fn(ctx)
	lost := s.leave()
	if err != nil {
		return err
	}
	return lost
}

// enter begins a locked section: what another process wrote meanwhile must be
// read, unless what is here could not be saved and is all there is.
func (s *Store) enter() {
	s.data.Lock()
	defer s.data.Unlock()
	s.inside = true
	s.loaded = s.ring == nil || s.lost != nil || s.seen != "" && s.seen == s.version()
}

func (s *Store) leave() error {
	s.data.Lock()
	defer s.data.Unlock()
	s.inside = false
	if s.lost == nil {
		return nil
	}
	return &NotSaved{Err: fault.As(s.lost)}
}

// acquire takes the lock file. It is never deleted: a file that comes and goes
// would be two locks.
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
		return nil, &fault.Error{
			Kind: fault.Unavailable, What: "another profilectl is using the stored sign-in",
			Fix: "wait until it is done, then run the command again", Err: err,
		}
	}
	return func() { _ = s.lock.Unlock() }, nil // the process's end unlocks too
}

// Replace gives MSAL the stored cache. Outside Locked it takes the lock for
// itself.
func (s *Store) Replace(ctx context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	return s.within(ctx, func(ctx context.Context) error {
		if err := s.load(ctx); err != nil {
			return err
		}
		if s.cache == nil {
			return nil
		}
		if err := into.Unmarshal(s.cache); err != nil && !s.afresh {
			return damaged(err)
		}
		return nil
	})
}

// Export stores MSAL's cache, if it changed. It returns nil even where the
// keyring refuses: then the cache is in memory, and Locked says so in the end.
func (s *Store) Export(ctx context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	return s.within(ctx, func(ctx context.Context) error {
		next, err := from.Marshal()
		if err != nil {
			return fmt.Errorf("marshal token cache: %w", err)
		}
		s.cache, s.loaded = next, true
		if s.ring == nil || s.blind || bytes.Equal(next, s.saved) {
			return nil
		}
		// Ctrl-C must not tear a save: it is short, and has its own limits.
		if s.lost = s.save(context.WithoutCancel(ctx), next); s.lost == nil {
			s.saved = next
		}
		return nil
	})
}

// within runs fn with the data guarded, under Locked.
func (s *Store) within(ctx context.Context, fn func(context.Context) error) error {
	s.data.Lock()
	if s.inside {
		defer s.data.Unlock()
		return fn(ctx)
	}
	s.data.Unlock()
	return s.Locked(ctx, func(ctx context.Context) error {
		s.data.Lock()
		defer s.data.Unlock()
		return fn(ctx)
	})
}

// load reads the keyring once a locked section. A keyring that fails between
// a person's way to the browser and their return must not cost them the sign-in:
// it goes on in memory.
func (s *Store) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	found, err := s.read(ctx)
	if f := fault.As(err); err != nil && (!s.afresh || f.Kind != fault.SignIn) {
		if !s.afresh || ctx.Err() != nil {
			return err
		}
		s.lost, s.blind, s.loaded = err, true, true
		return nil
	}
	s.cache, s.saved, s.loaded, s.seen = found, found, true, s.version()
	return nil
}

// Purge removes everything the store ever wrote, damaged or not.
func (s *Store) Purge(ctx context.Context) error {
	return s.Locked(ctx, func(ctx context.Context) error {
		s.data.Lock()
		defer s.data.Unlock()
		s.cache, s.saved, s.stored, s.lost, s.loaded, s.blind = nil, nil, head{}, nil, true, false
		if s.ring == nil {
			return nil
		}
		if err := s.bump(); err != nil {
			return err
		}
		if err := s.ring.deleteAll(ctx, s.config.Service); err != nil && !errors.Is(err, errNotFound) {
			return err
		}
		return s.writePending(nil)
	})
}

// damaged is the fault of data that nobody can read any more. A sign-in
// replaces it.
func damaged(err error) error {
	return &fault.Error{
		Kind: fault.SignIn, What: "the stored sign-in is damaged", Fix: "run `profilectl login`", Err: err,
	}
}
