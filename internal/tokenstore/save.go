package tokenstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/profilectl/profilectl/internal/statefile"
)

// read returns the stored cache, or nil if there is none.
func (s *Store) read(ctx context.Context) ([]byte, error) {
	s.stored = head{}
	item, err := s.ring.get(ctx, s.config.Service, headName)
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := parseHead(item)
	if err != nil {
		return nil, damaged(err)
	}
	s.stored = h
	packed, err := s.readParts(ctx, h)
	if err != nil {
		return nil, err
	}
	data, err := h.open(packed, s.config.Raw)
	if err != nil {
		return nil, damaged(err)
	}
	return data, nil
}

// readParts returns the parts that belong to a head, joined.
func (s *Store) readParts(ctx context.Context, h head) (string, error) {
	var packed strings.Builder
	packed.WriteString(h.first)
	for i := 1; i < h.parts; i++ {
		part, err := s.ring.get(ctx, s.config.Service, h.part(i))
		if errors.Is(err, errNotFound) {
			return "", damaged(fmt.Errorf("read part %d: %w", i, err))
		}
		if err != nil {
			return "", err
		}
		packed.WriteString(part)
		if packed.Len() > maxCache {
			return "", damaged(errors.New("read parts: too large"))
		}
	}
	return packed.String(), nil
}

// save writes the cache: the further parts, then the head, which commits. A failure
// after the commit is not an error. It leaves parts behind, which the next save
// deletes.
func (s *Store) save(ctx context.Context, data []byte) error {
	packed, err := pack(data, s.config.Raw)
	if err != nil {
		return err
	}
	if err := s.newVersion(); err != nil {
		return err
	}
	h, parts := cut(packed, s.config.MaxItem)
	pending := s.readPending()
	if s.stored.parts > 1 { // unused once the new head is written
		pending[s.stored.id] = s.stored.parts
	}
	if len(parts) > 0 {
		pending[h.id] = h.parts
	}
	if len(pending) > 0 { // a cache that fits into one item never needs the list
		if err := s.writePending(pending); err != nil {
			return err
		}
	}
	for i, part := range parts {
		if err := s.ring.set(ctx, s.config.Service, h.part(i+1), part); err != nil {
			return err
		}
	}
	if err := s.ring.set(ctx, s.config.Service, headName, h.String()); err != nil {
		return err
	}
	s.stored, s.version = h, s.readVersion()
	s.sweep(ctx, pending, h.id)
	return nil
}

// sweep deletes the parts of all pending ids but live, which the head refers to. If
// a part cannot be deleted now, its id stays on the list.
func (s *Store) sweep(ctx context.Context, pending map[string]int, live string) {
	if len(pending) == 0 {
		return
	}
	delete(pending, live)
	for id, parts := range pending {
		if s.deleteParts(ctx, head{id: id, parts: parts}) {
			delete(pending, id)
		}
	}
	_ = s.writePending(pending)
}

// deleteParts deletes the further parts of a head and reports whether all are gone.
func (s *Store) deleteParts(ctx context.Context, h head) bool {
	gone := true
	for i := 1; i < h.parts; i++ {
		err := s.ring.delete(ctx, s.config.Service, h.part(i))
		if err != nil && !errors.Is(err, errNotFound) {
			gone = false
		}
	}
	return gone
}

func (s *Store) pendingPath() string { return s.fileBesideLock(".pending") }

func (s *Store) versionPath() string { return s.fileBesideLock(".version") }

// fileBesideLock returns the path of a file that belongs to the store.
func (s *Store) fileBesideLock(suffix string) string {
	return strings.TrimSuffix(s.lock.Path(), ".lock") + suffix
}

// readVersion returns the version of the store, or an empty string if no process has
// saved a cache yet. It changes before the keyring does: as long as it is the same,
// a process need not read the keyring again.
func (s *Store) readVersion() string {
	raw, err := os.ReadFile(s.versionPath())
	if err != nil {
		return ""
	}
	return string(raw)
}

// newVersion changes the version of the store.
func (s *Store) newVersion() error {
	s.version = ""
	path := s.versionPath()
	if err := os.WriteFile(path, []byte(rand.Text()), 0o600); err != nil {
		return statefile.WriteFault(path, err)
	}
	return nil
}

// readPending returns the pending ids with their numbers of parts. The list holds no
// secret. If it cannot be read, some unused parts stay in the keyring.
func (s *Store) readPending() map[string]int {
	pending := map[string]int{}
	raw, err := statefile.Read(s.pendingPath())
	if err != nil || json.Unmarshal(raw, &pending) != nil {
		return map[string]int{}
	}
	for id, parts := range pending {
		if !validID(id) || parts < 1 || parts > maxParts {
			delete(pending, id)
		}
	}
	return pending
}

// writePending replaces the pending list by rename, or removes it if it is empty.
func (s *Store) writePending(pending map[string]int) error {
	path := s.pendingPath()
	if len(pending) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return statefile.WriteFault(path, err)
		}
		return nil
	}
	raw, err := json.Marshal(pending)
	if err != nil {
		return statefile.WriteFault(path, err)
	}
	if err := statefile.Write(path, raw); err != nil {
		return statefile.WriteFault(path, err)
	}
	return nil
}
