package tokenstore

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The format pc1: the cache is compressed and cut into parts that fit into the
// items of the platform's keyring. The head item holds part 0, after a line that
// describes the parts:
//
//	pc1 <id> <parts> <length> <sha256>\n<part 0>
//
// The length and the SHA-256 sum are those of all parts together. Every save writes
// its parts under a new random id and the head last. At any time, and after any
// crash, the head therefore refers to complete parts, old or new. The pending list
// holds the ids of a save until their parts are deleted. Ids are random instead of
// counted, so that a late write of a killed process never hits a part in use.
const (
	magic      = "pc1"
	headName   = "cache"
	idLength   = 8
	maxCache   = 16 << 20 // bytes after decompression
	maxParts   = 4096
	headLength = 128 // the most bytes of the head line
)

// platformMax returns the most bytes of one item, as measured and documented: 2560
// on Windows, 3009 less a reserve on macOS. The limit on Linux is megabytes.
func platformMax(goos string) int {
	switch goos {
	case "windows":
		return 2560
	case "darwin":
		return 2800
	}
	return 64 << 10
}

// head is the content of the head item.
type head struct {
	id     string
	parts  int // with part 0
	length int
	sum    string // hexadecimal
	first  string // part 0
}

// String returns the head item.
func (h head) String() string {
	return fmt.Sprintf("%s %s %d %d %s\n%s", magic, h.id, h.parts, h.length, h.sum, h.first)
}

// part returns the name of the item that holds a part.
func (h head) part(i int) string { return headName + "." + h.id + "." + strconv.Itoa(i) }

// parseHead parses the head item. It rejects everything that save does not write.
func parseHead(item string) (head, error) {
	line, first, ok := strings.Cut(item, "\n")
	fields := strings.Split(line, " ")
	if !ok || len(fields) != 5 || fields[0] != magic {
		return head{}, errors.New("read head: not pc1")
	}
	h := head{id: fields[1], sum: fields[4], first: first}
	var partsErr, lengthErr error
	h.parts, partsErr = strconv.Atoi(fields[2])
	h.length, lengthErr = strconv.Atoi(fields[3])
	if partsErr != nil || lengthErr != nil || !h.valid() {
		return head{}, errors.New("read head: out of range")
	}
	return h, nil
}

func (h head) valid() bool {
	return validID(h.id) &&
		1 <= h.parts && h.parts <= maxParts &&
		0 <= h.length && h.length <= maxCache &&
		len(h.sum) == 2*sha256.Size
}

func validID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// newID returns a random id in lower case: Windows ignores the case of item names.
func newID() string { return strings.ToLower(rand.Text()[:idLength]) }

// pack compresses the cache, and encodes it as text unless raw is set.
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

// unpack returns the cache that pack has packed.
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

// cut cuts a packed cache into a head with part 0 and the further parts. Each item
// has at most maxItem bytes.
func cut(packed string, maxItem int) (head, []string) {
	sum := sha256.Sum256([]byte(packed))
	h := head{id: newID(), length: len(packed), sum: hex.EncodeToString(sum[:])}
	first := min(len(packed), maxItem-headLength)
	h.first = packed[:first]
	var parts []string
	for part := range slices.Chunk([]byte(packed[first:]), maxItem) {
		parts = append(parts, string(part))
	}
	h.parts = len(parts) + 1
	return h, parts
}

// open checks the joined parts against the head and unpacks them.
func (h head) open(packed string, raw bool) ([]byte, error) {
	sum := sha256.Sum256([]byte(packed))
	same := subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(h.sum)) == 1
	if len(packed) != h.length || !same {
		return nil, errors.New("read parts: the checksum is wrong")
	}
	return unpack(packed, raw)
}
