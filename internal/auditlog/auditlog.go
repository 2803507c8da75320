// Package auditlog records who changed which fields of a profile: one JSON object per
// line, appended to a file of the operator. It is the only place where the id of a user
// is written. It never contains a value.
package auditlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Outcome is what became of a change.
type Outcome string

const (
	Changed Outcome = "changed" // Microsoft Graph confirmed the change
	Refused Outcome = "refused" // nothing changed: the tenant or Graph refused, or wants a stronger sign-in
	Failed  Outcome = "failed"  // nothing changed: the change was not sent
	Unknown Outcome = "unknown" // the change was sent, and no confirmation arrived
	Partial Outcome = "partial" // Graph confirmed the built-in fields, but not the custom attributes
)

// Entry is one line: an attempt to change a profile.
type Entry struct {
	Time time.Time `json:"time"` // UTC
	// ObjectID identifies the user in the tenant (oid). It is empty if the client's token
	// has no object id; then Subject identifies the user to this API (sub).
	ObjectID string `json:"oid,omitempty"`
	Subject  string `json:"sub,omitempty"`
	// Client is the client id of the app that the user used.
	Client        string   `json:"client"`
	Fields        []string `json:"fields"` // Graph's names, sorted
	Outcome       Outcome  `json:"outcome"`
	Applied       []string `json:"applied,omitempty"` // the confirmed Fields if the Outcome is Partial
	CorrelationID string   `json:"correlationId"`
}

// Log is an open audit log. It is safe for concurrent use, and several processes can
// write to the same file: every line is appended with one write.
type Log struct {
	path string
	mu   sync.Mutex
	file *os.File
	torn bool  // the last write ended within a line
	err  error // why the last Reopen failed; nil if it did not
}

// Open opens the log at path and creates it if there is none, for its owner alone. It
// fails with a Usage fault for anything but a regular file that only this user can
// change.
func Open(path string) (*Log, error) {
	file, err := open(path, creating)
	if err != nil {
		return nil, err
	}
	return &Log{path: path, file: file}, nil
}

// Check returns the fault with which Open would fail, or nil. It does not create the file,
// so that another user can check a path before the first Open.
func Check(path string) error {
	file, err := open(path, os.O_WRONLY|os.O_APPEND)
	if errors.Is(err, fs.ErrNotExist) {
		return checkDirectory(path)
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// checkDirectory returns the fault of a file that cannot be created, or nil. It creates
// another file in the directory and removes it.
func checkDirectory(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), statefile.Temporary)
	if err != nil {
		return notOpened(path, err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// Write appends an entry. After an error the entry may be missing, or cut off at the end
// of the file; the next one starts a new line.
func (l *Log) Write(e Entry) error {
	e.Time = e.Time.UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("format entry of the audit log: %w", err)
	}
	line = append(line, '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.file.Write(line)
	if n > 0 {
		l.torn = n < len(line)
	}
	if err != nil {
		return fmt.Errorf("write to the audit log: %w", err)
	}
	return nil
}

// Reopen opens the path again, for a program that moves the file away and then tells the
// process. It reports whether the path is another file than before. After an error the
// log goes on with the file that it has.
func (l *Log) Reopen() (changed bool, err error) {
	file, err := open(l.path, creating)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	if err != nil {
		return false, err
	}
	before, beforeErr := l.file.Stat()
	after, afterErr := file.Stat()
	if beforeErr == nil && afterErr == nil && os.SameFile(before, after) {
		return false, file.Close()
	}
	old := l.file
	l.file, l.torn = file, false
	_ = old.Close() // every line is written already
	return true, nil
}

// Err returns why the last Reopen failed, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Close closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// creating are the flags that open a log, and create it if there is none.
const creating = os.O_WRONLY | os.O_APPEND | os.O_CREATE

// open opens a regular file. It looks at the file before it opens it, because opening a
// named pipe waits for its reader.
func open(path string, flags int) (*os.File, error) {
	before, err := os.Lstat(path)
	switch {
	case err == nil && !before.Mode().IsRegular():
		return nil, unusable("the audit log is not a regular file", "name a file, or one that does not exist", nil)
	case err == nil && statefile.Foreign(path):
		return nil, unusable("the audit log belongs to another user", "change its owner, or name another file", nil)
	case err == nil && statefile.OthersMay(0o022, path):
		return nil, unusable("other users can change the audit log", "remove their permission to write", nil)
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, notOpened(path, err)
	}
	after, err := file.Stat()
	if err == nil && before != nil && !os.SameFile(before, after) {
		err = errors.New("the file was replaced while it was opened")
	}
	if err != nil {
		_ = file.Close() // it is not used
		return nil, unusable("the audit log cannot be opened", "try again", err)
	}
	return file, nil
}

// notOpened returns the fault of a file that cannot be opened or created.
func notOpened(path string, err error) error {
	what, fix := statefile.Explain("the audit log cannot be opened", "check audit-log", path, err)
	return unusable(what, fix, err)
}

func unusable(what, fix string, err error) error {
	return &fault.Error{Kind: fault.Usage, What: what, Fix: fix, Err: err}
}
