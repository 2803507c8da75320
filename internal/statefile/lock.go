package statefile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often Lock tries to get the lock that another process holds.
const lockPoll = 20 * time.Millisecond

// LockPath returns the path of the file that Lock locks.
func LockPath(path string) string { return path + ".lock" }

// Lock locks a file against other processes that read and replace it, until unlock is
// called or the process ends. It waits for the lock until ctx is done. A missing directory
// is created with mode 0700.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	lock := flock.New(LockPath(path))
	if locked, err := lock.TryLockContext(ctx, lockPoll); !locked {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = lock.Unlock() }, nil // the end of the process releases it too
}
