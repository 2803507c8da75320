package tokenstore_test

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

func openFile(t *testing.T, dir string) *tokenstore.Store {
	t.Helper()
	s, err := tokenstore.NewFile(tokenstore.Config{Service: "profilectl/0123456789ab", StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFileIsReadableForItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	want := sample(200_000, 1)
	if err := save(t.Context(), openFile(t, dir), want); err != nil {
		t.Fatal(err)
	}
	path := tokenstore.FilePath(dir, "profilectl/0123456789ab")
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v", info.Mode(), err)
	}
	s := openFile(t, dir)
	if got, err := load(t.Context(), s); err != nil || !bytes.Equal(got, want) || s.Kind() != "file" {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		_, err := load(t.Context(), openFile(t, dir))
		if fault.As(err).What != "other users can read the stored sign-in, "+path {
			t.Errorf("got %v", err)
		}
	}
	leftover := temporary(t, dir, path) // of a killed process
	inUse := temporary(t, dir, tokenstore.FilePath(dir, "profilectl/ba9876543210"))
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(inUse); err != nil {
		t.Errorf("the file that another process writes is gone: %v", err)
	}
	for _, gone := range []string{path, leftover} {
		if _, err := os.Stat(gone); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Errorf("purge an empty store: %v", err)
	}
}

// temporary creates a temporary file with which a process replaces a file.
func temporary(t *testing.T, dir, path string) string {
	t.Helper()
	f, err := os.CreateTemp(dir, statefile.TemporaryOf(path))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return f.Name()
}

// TestFileReportsAFailedWrite puts a directory in place of the file, which stops even
// root.
func TestFileReportsAFailedWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(tokenstore.FilePath(dir, "profilectl/0123456789ab"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := save(t.Context(), openFile(t, dir), []byte("x")); fault.As(err).Kind != fault.Usage {
		t.Errorf("got %v", err)
	}
}
