// Package history remembers the last edits made from this machine, with the
// values before and after, so that one can be taken back.
//
// It is a file of JSON lines in the state folder, the oldest first, for its
// owner alone. It holds personal data, so it is short, and a setting turns it
// off.
package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Entry is one edit that was accepted.
type Entry struct {
	ID       string               `json:"id"`
	Time     time.Time            `json:"time"`
	Tenant   string               `json:"tenantId"`
	Account  string               `json:"accountId"` // never changes, unlike names
	Username string               `json:"account"`
	Changes  []profile.Difference `json:"changes"`
	Undoes   string               `json:"undoes,omitempty"` // the id of the edit that this one took back
}

// Keep is how many edits are remembered, of all accounts together.
const Keep = 100

const (
	lockPoll = 20 * time.Millisecond
	lockWait = 5 * time.Second
	mostFile = 8 << 20 // bytes; a hundred edits of everything have under 3 MB
)

// Log is the history in a file. It is safe for concurrent use, also by several
// processes.
type Log struct{ path string }

// In returns the history of a state folder. Nothing is read or made yet.
func In(stateDir string) Log { return Log{path: filepath.Join(stateDir, "history.jsonl")} }

// Entries returns all edits, the oldest first. Lines that cannot be read are
// passed over: history must not stand in the way of an edit.
func (l Log) Entries() ([]Entry, error) {
	raw, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if len(raw) > mostFile {
		return nil, nil
	}
	var entries []Entry
	for line := range bytes.Lines(raw) {
		var e Entry
		if json.Unmarshal(line, &e) == nil && e.ID != "" && len(e.Changes) > 0 {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Add remembers an edit and forgets the oldest beyond Keep.
func (l Log) Add(ctx context.Context, e Entry) error {
	return l.change(ctx, func(entries []Entry) []Entry {
		entries = append(entries, e)
		return entries[max(0, len(entries)-Keep):]
	})
}

// Forget removes what is remembered of an account.
func (l Log) Forget(ctx context.Context, account string) error {
	if _, err := os.Stat(l.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return l.change(ctx, func(entries []Entry) []Entry {
		return slices.DeleteFunc(entries, func(e Entry) bool { return e.Account == account })
	})
}

func (l Log) change(ctx context.Context, how func([]Entry) []Entry) error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	lock := flock.New(l.path + ".lock")
	limited, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	if ok, err := lock.TryLockContext(limited, lockPoll); !ok {
		return fmt.Errorf("lock history: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end unlocks too
	entries, err := l.Entries()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for _, e := range how(entries) {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	return statefile.Write(l.path, b.Bytes())
}

// Undoable returns an account's last edit that was not taken back and takes
// nothing back itself.
func Undoable(entries []Entry, account string) (Entry, bool) {
	undone := map[string]bool{}
	for _, e := range slices.Backward(entries) {
		switch {
		case e.Account != account:
		case e.Undoes != "":
			undone[e.Undoes] = true
		case !undone[e.ID]:
			return e, true
		}
	}
	return Entry{}, false
}

// Reverse is the change that takes the edit back.
func (e Entry) Reverse() profile.Change {
	change := profile.Change{}
	for _, d := range e.Changes {
		change[d.Field] = d.Before
	}
	return change
}

// Left returns the values that the edit left behind, for comparison with what
// is there now.
func (e Entry) Left() map[string]*string {
	values := map[string]*string{}
	for _, d := range e.Changes {
		values[d.Field] = d.After
	}
	return values
}
