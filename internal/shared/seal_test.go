package shared

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func FuzzSealerOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "key")
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, keyBytes))
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		f.Fatal(err)
	}
	ring, err := readKeys(path)
	if err != nil {
		f.Fatal(err)
	}
	s := ring[0]
	good := s.seal("name", "value", time.Unix(1, 0))
	f.Add("name", []byte("x"))
	f.Add("other", good)
	f.Fuzz(func(t *testing.T, name string, sealed []byte) {
		if _, _, ok := s.open(name, sealed); ok && (name != "name" || !bytes.Equal(sealed, good)) {
			t.Errorf("%q under %q was opened", sealed, name)
		}
	})
}
