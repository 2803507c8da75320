// Package reload keeps a value that is read from files, and reads it again when
// they change: a certificate, a secret, a token that somebody renews while the
// service runs.
package reload

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// lookAgain is how often the files are looked at, at most.
const lookAgain = time.Second

// Value is what stands in the files. It is safe for concurrent use.
type Value[T any] struct {
	name  string // what it is, for the log
	read  func() (T, error)
	files []string
	log   *slog.Logger

	mu      sync.Mutex
	value   T
	version int
	stamp   string // of the files that value was read from
	looked  time.Time
}

// New reads the value and returns it, or read's error. Name says in the log what
// it is, as "the certificate".
func New[T any](name string, log *slog.Logger, read func() (T, error), files ...string) (*Value[T], error) {
	v := &Value[T]{name: name, read: read, files: files, log: log, looked: time.Now()}
	if err := v.load(v.stampNow()); err != nil {
		return nil, err
	}
	return v, nil
}

// Get returns the value, and a number that grows each time it was read again.
// While the new files cannot be used, as when only one of two has been replaced
// yet, the old value stays.
func (v *Value[T]) Get() (T, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.looked) < lookAgain {
		return v.value, v.version
	}
	v.looked = time.Now()
	if now := v.stampNow(); now != v.stamp {
		if err := v.load(now); err != nil {
			v.log.Warn(v.name+" changed and cannot be used; the old one stays", "error", err)
		} else {
			v.log.Info(v.name + " was read again")
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

// stampNow changes when one of the files does. Kubernetes renews a mounted
// secret by turning a symbolic link, which Stat follows.
func (v *Value[T]) stampNow() string {
	var stamp strings.Builder
	for _, path := range v.files {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprint(&stamp, info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return stamp.String()
}
