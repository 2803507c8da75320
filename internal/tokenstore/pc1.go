package tokenstore

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/statefile"
)

// The format pc1: the cache is compressed and cut into parts that fit into the
// platform's keyring items. Part 0 stands in the head item, behind a line that
// says which parts belong to it and what they come to:
//
//	pc1 <id> <parts> <length> <sha256>\n<part 0>
//
// Every save writes its parts under a new random id and the head last, so that
// at any moment, and after any crash, the head names whole parts: the old ones
// or the new ones. Ids that were begun are listed in a pending file until their
// parts are gone; ids, not generations, so that a late write of a killed
// process can never hit a live part.
const (
	magic      = "pc1"
	headName   = "cache"
	idLength   = 8
	maxCache   = 16 << 20 // bytes after decompression
	maxParts   = 4096
	headLength = 128 // bytes that the head line may take
)

// platformMax is how many bytes fit into one item, measured and documented:
// Windows 2560, macOS 3009 less a reserve; Linux has no limit below megabytes.
func platformMax(goos string) int {
	switch goos {
	case "windows":
		return 2560
	case "darwin":
		return 2800
	}
	return 64 << 10
}

type head struct {
	id     string
	parts  int
	length int
	sum    string
	first  string
}

func (h head) String() string {
	return fmt.Sprintf("%s %s %d %d %s\n%s", magic, h.id, h.parts, h.length, h.sum, h.first)
}

func (h head) part(i int) string { return headName + "." + h.id + "." + strconv.Itoa(i) }

// parseHead reads the head item. Anything odd is an error: it is checked before
// a single byte is trusted.
func parseHead(item string) (head, error) {
	line, first, ok := strings.Cut(item, "\n")
	fields := strings.Split(line, " ")
	if !ok || len(fields) != 5 || fields[0] != magic {
		return head{}, errors.New("read head: not pc1")
	}
	parts, err1 := strconv.Atoi(fields[2])
	length, err2 := strconv.Atoi(fields[3])
	if err1 != nil || err2 != nil || parts < 1 || parts > maxParts || length < 0 || length > maxCache || !validID(fields[1]) || len(fields[4]) != 2*sha256.Size {
		return head{}, errors.New("read head: out of range")
	}
	return head{id: fields[1], parts: parts, length: length, sum: fields[4], first: first}, nil
}

func validID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// newID is lower case: Windows compares item names without case.
func newID() string { return strings.ToLower(rand.Text()[:idLength]) }

// pack compresses the cache, and makes it text unless raw bytes will do.
func pack(data []byte, raw bool) (string, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = w.Write(data)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return "", fmt.Errorf("compress token cache: %w", err)
	}
	if raw {
		return b.String(), nil
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

func unpack(packed string, raw bool) ([]byte, error) {
	if !raw {
		decoded, err := base64.RawURLEncoding.DecodeString(packed)
		if err != nil {
			return nil, fmt.Errorf("decode token cache: %w", err)
		}
		packed = string(decoded)
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(strings.NewReader(packed)), maxCache+1))
	if err != nil {
		return nil, fmt.Errorf("decompress token cache: %w", err)
	}
	if len(data) > maxCache {
		return nil, errors.New("decompress token cache: too large")
	}
	return data, nil
}

// read returns the stored cache, or nil where there is none.
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
	text := strings.Builder{}
	text.WriteString(h.first)
	for i := 1; i < h.parts; i++ {
		part, err := s.ring.get(ctx, s.config.Service, h.part(i))
		if errors.Is(err, errNotFound) {
			return nil, damaged(fmt.Errorf("read part %d: %w", i, err))
		}
		if err != nil {
			return nil, err
		}
		text.WriteString(part)
		if text.Len() > maxCache {
			return nil, damaged(errors.New("read parts: too large"))
		}
	}
	data, err := h.open(text.String(), s.config.Raw)
	if err != nil {
		return nil, damaged(err)
	}
	return data, nil
}

// open checks the joined parts against the head.
func (h head) open(text string, raw bool) ([]byte, error) {
	sum := sha256.Sum256([]byte(text))
	if len(text) != h.length || subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(h.sum)) != 1 {
		return nil, errors.New("read parts: the checksum is wrong")
	}
	return unpack(text, raw)
}

// cut makes the head and the further parts of a packed cache.
func cut(text string, most int) (head, []string) {
	sum := sha256.Sum256([]byte(text))
	h := head{id: newID(), length: len(text), sum: hex.EncodeToString(sum[:])}
	first := min(len(text), most-headLength)
	h.first = text[:first]
	var parts []string
	for part := range slices.Chunk([]byte(text[first:]), most) {
		parts = append(parts, string(part))
	}
	h.parts = len(parts) + 1
	return h, parts
}

// save writes the cache: further parts, then the head, which commits. Nothing
// that goes wrong after the commit is an error: it leaves rubbish, which the
// next save sweeps.
func (s *Store) save(ctx context.Context, data []byte) error {
	text, err := pack(data, s.config.Raw)
	if err != nil {
		return err
	}
	if err := s.bump(); err != nil {
		return err
	}
	h, parts := cut(text, s.config.MaxItem)
	pending := s.readPending()
	if s.stored.parts > 1 { // they are rubbish once the new head stands
		pending[s.stored.id] = s.stored.parts
	}
	if len(parts) > 0 {
		pending[h.id] = h.parts
	}
	if len(pending) > 0 { // a store of single items never needs the file
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
	s.stored, s.seen = h, s.version()
	s.sweep(ctx, pending, h.id)
	return nil
}

// sweep removes the parts of ids that the head does not name. An id whose parts
// cannot be removed now stays on the list.
func (s *Store) sweep(ctx context.Context, pending map[string]int, live string) {
	if len(pending) == 0 {
		return
	}
	for id, parts := range pending {
		if id == live {
			continue
		}
		gone := true
		for i := 1; i < parts; i++ {
			if err := s.ring.delete(ctx, s.config.Service, head{id: id}.part(i)); err != nil && !errors.Is(err, errNotFound) {
				gone = false
			}
		}
		if gone {
			delete(pending, id)
		}
	}
	delete(pending, live) // named by the head now
	_ = s.writePending(pending)
}

func (s *Store) pendingPath() string { return s.beside(".pending") }

// beside is a file that belongs to the lock.
func (s *Store) beside(suffix string) string {
	return strings.TrimSuffix(s.lock.Path(), ".lock") + suffix
}

// version changes before anything in the keyring does, so that a process which
// has read the keyring need not read it again. It is empty where nobody has
// saved yet.
func (s *Store) version() string {
	raw, err := os.ReadFile(s.beside(".version"))
	if err != nil {
		return ""
	}
	return string(raw)
}

// bump makes a new version.
func (s *Store) bump() error {
	s.seen = ""
	path := s.beside(".version")
	if err := os.WriteFile(path, []byte(rand.Text()), 0o600); err != nil {
		return cannotWrite(path, err)
	}
	return nil
}

// readPending returns the ids that were begun, with their numbers of parts. The
// file holds no secret; one that cannot be read costs some rubbish at most.
func (s *Store) readPending() map[string]int {
	pending := map[string]int{}
	raw, err := os.ReadFile(s.pendingPath())
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

// writePending replaces the list by rename; an empty one is removed.
func (s *Store) writePending(pending map[string]int) error {
	path := s.pendingPath()
	if len(pending) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannotWrite(path, err)
		}
		return nil
	}
	raw, err := json.Marshal(pending)
	if err != nil {
		return cannotWrite(path, err)
	}
	if err := statefile.Write(path, raw); err != nil {
		return cannotWrite(path, err)
	}
	return nil
}
