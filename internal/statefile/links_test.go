//go:build !windows

package statefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/profilectl/profilectl/internal/statefile"
)

// TestWriteFollowsLinksAsTheSystemDoes has a link through a directory that is a link
// itself: what is above it is above its target. Windows drops a directory before "..".
func TestWriteFollowsLinksAsTheSystemDoes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "store", "version"), 0o700),
		os.Symlink(filepath.Join("store", "version"), filepath.Join(dir, "current")),
		os.Symlink("current/../config", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := statefile.Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "store", "config")); err != nil || string(got) != "new" {
		t.Errorf("the target holds %q, %v", got, err)
	}
	if target, err := os.Readlink(path); err != nil || target != "current/../config" {
		t.Errorf("the link is %q, %v", target, err)
	}
}
