// Package tokenstore keeps MSAL's token cache in the keyring of the operating
// system.
//
// A store belongs to one client of one authority. The cache travels like this:
//
//	MSAL ──Export──▶ Store ──flate, parts, SHA-256 (pc1)──▶ Ring ──▶ OS keyring
//	MSAL ◀─Replace── Store ◀─────────verified────────────── Ring ◀── OS keyring
//
// Locked holds a lock file during a whole MSAL call, so that two processes never
// refresh the same token or overwrite each other's cache. During a call, the keyring
// is read at most once and written only if the cache has changed. A cache that cannot
// be saved stays in memory, and Locked reports it. It is merged with what another process
// saves later.
//
// The package never falls back to a plain file: an unusable keyring is a fault with a
// fix. The user may ask for a plain file (NewFile).
package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/gofrs/flock"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Config describes a store in a keyring. All fields but Waiting, LockWait, MaxItem
// and Raw must be set.
type Config struct {
	Service  string // the service name in the keyring, see Service
	StateDir string // the directory of the lock and the pending list; created with mode 0700
	Ring     Ring
	// Wait limits one call of the keyring. A user needs time to unlock it; without
	// a terminal, there is no user to wait for.
	Wait time.Duration
	// Waiting is called once, when a call of the keyring takes two seconds.
	Waiting func()
	// LockWait limits the wait for another process that uses the store. Zero means
	// 30 seconds.
	LockWait time.Duration
	MaxItem  int // the most bytes of one item; 0 means the limit of the platform
	// Raw stores binary data as it is, which Windows and macOS always do. Otherwise
	// it is encoded as text, which some keyrings on Linux need (KeePassXC).
	Raw bool
}

// Ring is the OS keyring as go-keyring offers it. Get and Delete return
// keyring.ErrNotFound for an item that does not exist.
type Ring interface {
	Get(service, account string) (string, error)
	Set(service, account, secret string) error
	Delete(service, account string) error
	DeleteAll(service string) error
}

// Store keeps one MSAL cache. It implements MSAL's cache.ExportReplace and is safe
// for concurrent use.
type Store struct {
	config Config
	kind   string
	ring   *guarded // nil for a store in memory
	lock   *flock.Flock

	section chan struct{} // has one place, which serializes Locked in this process

	mu         sync.Mutex // guards the fields below
	inside     bool       // Locked is running
	loaded     bool       // cache is what the keyring holds, or newer
	cache      []byte     // MSAL's JSON; nil for none
	saved      []byte     // the cache in the keyring
	version    string     // the version of the keyring that saved belongs to; empty if unknown
	stored     head       // the head in the keyring
	notSaved   error      // why the newest cache is only in memory
	replacing  bool       // a sign-in is coming, so damaged data is ignored: it gets replaced
	unreadable bool       // the keyring could not be read: a save could undo another process's
}

var _ cache.ExportReplace = (*Store)(nil)

// NotSaved is the error of a call whose newest cache could not be written to the
// keyring. The cache is kept in memory: this process can continue, and the next one
// will not see the cache.
type NotSaved struct{ Err *fault.Error }

// Error returns the text of the fault.
func (n *NotSaved) Error() string { return n.Err.Error() }

// Unwrap returns the fault.
func (n *NotSaved) Unwrap() error { return n.Err }

// Service returns the service name in the keyring for a client of an authority. It
// contains no colon, because Windows would mix up names with colons, and is short
// enough for every platform.
func Service(authority, clientID, tenant string) string {
	return "profilectl/" + shortHash(authority+"|"+clientID+"|"+tenant)
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// New returns a store in the keyring. It creates the state directory and reads
// nothing yet.
func New(c Config) (*Store, error) {
	if err := os.MkdirAll(c.StateDir, 0o700); err != nil {
		return nil, statefile.WriteFault(c.StateDir, err)
	}
	if c.MaxItem == 0 {
		c.MaxItem = platformMax(runtime.GOOS)
	}
	if c.LockWait == 0 {
		c.LockWait = lockWait
	}
	c.Raw = c.Raw || runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	return &Store{
		config:  c,
		kind:    "keyring",
		ring:    &guarded{ring: c.Ring, wait: c.Wait, waiting: c.Waiting},
		section: make(chan struct{}, 1),
		lock:    flock.New(filepath.Join(c.StateDir, shortHash(c.Service)+".lock")),
	}, nil
}

// Memory returns a store that lives as long as the process.
func Memory() *Store { return &Store{kind: "memory", section: make(chan struct{}, 1)} }

// Kind returns where the cache is kept: "keyring", "file" or "memory".
func (s *Store) Kind() string { return s.kind }

// Prepare makes the store ready for a sign-in. It reads from the keyring, so that an
// unusable keyring is noticed before the user goes to the browser, and lets the
// coming sign-in replace damaged data.
func (s *Store) Prepare(ctx context.Context) error {
	s.mu.Lock()
	s.replacing = true
	s.mu.Unlock()
	if s.ring == nil {
		return nil
	}
	_, err := s.ring.get(ctx, s.config.Service, headName)
	if errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

// Purge removes everything that the store has ever written, damaged or not. Outside of
// Locked, it takes the lock itself.
func (s *Store) Purge(ctx context.Context) error {
	return s.within(ctx, func(ctx context.Context) error {
		s.cache, s.saved, s.stored, s.loaded = nil, nil, head{}, true
		s.notSaved, s.unreadable = nil, false
		if s.ring == nil {
			return nil
		}
		if err := s.newVersion(); err != nil {
			return err
		}
		if err := s.ring.deleteAll(ctx, s.config.Service); err != nil && !errors.Is(err, errNotFound) {
			return err
		}
		return s.writePending(nil)
	})
}
