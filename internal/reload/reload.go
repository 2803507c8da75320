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
// because only one of two has been replaced so far, Get returns the old value.
func (v *Value[T]) Get() (T, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.checked) < checkInterval {
		return v.value, v.version
	}
	v.checked = time.Now()
	if stamp := v.currentStamp(); stamp != v.stamp {
		if err := v.load(stamp); err != nil {
			v.log.Warn(v.name+" changed but cannot be loaded; keeping the old one", "error", err)
		} else {
			v.log.Info(v.name + " was reloaded")
		}
	}
	return v.value, v.version
}

func (v *Value[T]) load(stamp string) error {
	value, err := v.read()
	if err != nil {
		return err
	}
	v.value, v.stamp, v.version = value, stamp, v.version+1
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
