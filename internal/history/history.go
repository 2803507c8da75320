// Package history records the last edits made on this machine, with the values before
// and after, so that an edit can be undone.
//
// The history is a file of JSON lines in the state directory, oldest edit first, that
// only its owner can read. Because it holds personal data, it is short, and a setting
// turns it off.
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

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/statefile"
)

// Entry is one edit that was accepted.
type Entry struct {
	ID       string               `json:"id"`
	Time     time.Time            `json:"time"`
	Tenant   string               `json:"tenantId"`
	Account  string               `json:"accountId"` // unlike the username, it never changes
	Username string               `json:"account"`
	Changes  []profile.Difference `json:"changes"`
	Undoes   string               `json:"undoes,omitempty"` // the id of the edit that this one undid
}

// Keep is the number of edits that the history holds, of all accounts together.
const Keep = 100

const (
	lockWait = 5 * time.Second
	maxFile  = 8 << 20 // bytes; 100 edits of all fields take less than 3 MB
)

// Log is a history file. It is safe for concurrent use, also by several processes.
type Log struct{ path string }

// In returns the history of a state directory. It reads and creates nothing yet.
func In(stateDir string) Log { return Log{path: filepath.Join(stateDir, "history.jsonl")} }

// Entries returns all edits, oldest first. It skips invalid lines and ignores a file of
// unusual size: a damaged history must not prevent an edit.
func (l Log) Entries() ([]Entry, error) {
	raw, err := statefile.Read(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if len(raw) > maxFile {
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

// Add appends an edit and removes the oldest ones beyond Keep.
func (l Log) Add(ctx context.Context, e Entry) error {
	return l.change(ctx, func(entries []Entry) []Entry {
		entries = append(entries, e)
		return entries[max(0, len(entries)-Keep):]
	})
}

// Forget removes the edits of an account.
func (l Log) Forget(ctx context.Context, account string) error {
	return l.remove(ctx, func(e Entry) bool { return e.Account == account })
}

// ForgetTenant removes the edits of all accounts of a tenant.
func (l Log) ForgetTenant(ctx context.Context, id string) error {
	return l.remove(ctx, func(e Entry) bool { return e.Tenant == id })
}

func (l Log) remove(ctx context.Context, which func(Entry) bool) error {
	if _, err := os.Stat(l.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return l.change(ctx, func(entries []Entry) []Entry {
		return slices.DeleteFunc(entries, which)
	})
}

// change replaces the entries under a lock.
func (l Log) change(ctx context.Context, replace func([]Entry) []Entry) error {
	limited, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	unlock, err := statefile.Lock(limited, l.path)
	if err != nil {
		return fmt.Errorf("change history: %w", err)
	}
	defer unlock()
	entries, err := l.Entries()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for _, e := range replace(entries) {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	return statefile.Write(l.path, b.Bytes())
}

// Undoable returns the last edit of an account that was not undone and is not an undo
// itself.
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

// Reverse returns the change that undoes the edit.
func (e Entry) Reverse() profile.Change {
	change := profile.Change{}
	for _, d := range e.Changes {
		change[d.Field] = d.Before
	}
	return change
}

// Left returns the values that the edit left in the profile, for comparison with the
// current ones.
func (e Entry) Left() map[string]*string {
	values := map[string]*string{}
	for _, d := range e.Changes {
		values[d.Field] = d.After
	}
	return values
}
