// Package reload holds a value that is read from files and reads it again when they
// change, such as a certificate, a secret or a token that is renewed while the service
// runs.
package reload

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// checkInterval is the shortest time between two checks of the files.
const checkInterval = time.Second

// Value is a value that is read from files. It is safe for concurrent use.
type Value[T any] struct {
	name  string // for the log
	read  func() (T, error)
	files []string
	log   *slog.Logger

	mu      sync.Mutex
	value   T
	version int
	stamp   string    // the state of the files that value was read from
	checked time.Time // when the files were checked last
	failed  string    // the last failure that was logged; empty if the last read succeeded
}

// New reads the value from its files and returns it, or returns the error of read. The
// name is what the log calls the value, such as "the certificate".
func New[T any](name string, log *slog.Logger, read func() (T, error), files ...string) (*Value[T], error) {
	v := &Value[T]{name: name, read: read, files: files, log: log, checked: time.Now()}
	if err := v.load(v.currentStamp()); err != nil {
		return nil, err
	}
	return v, nil
}

// Get returns the value and its version, which grows each time the value is read. It
// checks the files at most once a second. If changed files cannot be read, for example
// because only one of two has been replaced so far, Get returns the old value. The log
// has one line for a new value and one for each new failure.
func (v *Value[T]) Get() (T, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.checked) >= checkInterval {
		_, _ = v.check() // logged
	}
	return v.value, v.version
}

// Reload checks the files now. It reports whether they hold a new value, or why they
// cannot be used, in which case Get still returns the old value.
func (v *Value[T]) Reload() (changed bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.check()
}

// Err returns why the files cannot be used since they changed last, as far as they have
// been checked, or nil.
func (v *Value[T]) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed == "" {
		return nil
	}
	return fmt.Errorf("%s: %s", v.name, v.failed)
}

// check reads changed files. It must be called with the lock held.
func (v *Value[T]) check() (changed bool, err error) {
	v.checked = time.Now()
	stamp := v.currentStamp()
	if stamp == v.stamp {
		v.failed = "" // an unusable file was replaced by the old one
		return false, nil
	}
	if err := v.load(stamp); err != nil {
		if v.failed != err.Error() {
			v.log.Error(v.name+" changed but cannot be loaded; keeping the old one", "error", err)
		}
		v.failed = err.Error()
		return false, err
	}
	v.log.Info(v.name + " was reloaded")
	return true, nil
}

func (v *Value[T]) load(stamp string) error {
	value, err := v.read()
	if err != nil {
		return err
	}
	v.value, v.stamp, v.version, v.failed = value, stamp, v.version+1, ""
	return nil
}

// currentStamp returns a text that changes when one of the files does. Kubernetes
// renews a mounted secret by replacing a symbolic link, which Stat follows.
func (v *Value[T]) currentStamp() string {
	var stamp strings.Builder
	for _, path := range v.files {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprint(&stamp, info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return stamp.String()
}
