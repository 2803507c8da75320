package statefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/statefile"
)

func TestWriteReplacesAFileForItsOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	path := filepath.Join(dir, "file")
	for _, want := range []string{"first", "second"} {
		if err := statefile.Write(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestWriteLeavesNothingWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.MkdirAll(filepath.Join(path, "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := statefile.Write(path, []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := filepath.Glob(filepath.Join(dir, statefile.Temporary)); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestWriteKeepsSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	dotfiles := filepath.Join(dir, "dotfiles")
	link, second := filepath.Join(dir, "link"), filepath.Join(dir, "second")
	err := errors.Join(os.Mkdir(dotfiles, 0o700), os.Symlink("link", second),
		os.Symlink(filepath.Join("dotfiles", "file"), link)) // which does not exist yet
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, second} {
		if err := statefile.Write(path, []byte(path)); err != nil {
			t.Fatal(err)
		}
		if target, err := os.Readlink(path); err != nil {
			t.Errorf("%s is no link any more: %s, %v", path, target, err)
		}
		if got, err := os.ReadFile(filepath.Join(dotfiles, "file")); err != nil || string(got) != path {
			t.Errorf("the target holds %q, %v", got, err)
		}
	}
	circle := filepath.Join(dir, "circle")
	if err := os.Symlink(circle, circle); err != nil {
		t.Fatal(err)
	}
	if err := statefile.Write(circle, nil); err == nil {
		t.Error("a link to itself was written")
	}
}

// TestWriteReplacesAFileThatIsRead keeps the file open for a while. Windows cannot replace
// it before it is closed.
func TestWriteReplacesAFileThatIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := statefile.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	written := make(chan error, 1)
	go func() { written <- statefile.Write(path, []byte("new")) }()
	select {
	case err = <-written:
	case <-time.After(200 * time.Millisecond):
		_ = reader.Close() // nothing was written to it
		err = <-written
	}
	if got, readErr := statefile.Read(path); err != nil || readErr != nil || string(got) != "new" {
		t.Errorf("got %q, %v, %v", got, err, readErr)
	}
}

// TestRemoveLeftoversKeepsTheTemporaryFilesOfOtherFiles runs in a directory whose name is not
// a valid pattern.
func TestRemoveLeftoversKeepsTheTemporaryFilesOfOtherFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[a")
	own, other := filepath.Join(dir, "own"), filepath.Join(dir, "other")
	if err := statefile.RemoveLeftovers(own); err != nil {
		t.Errorf("without a directory: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var temporary []string
	for _, path := range []string{own, own, other} {
		f, err := os.CreateTemp(dir, statefile.TemporaryOf(path)) // as a killed process leaves it
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		temporary = append(temporary, f.Name())
	}
	if err := statefile.RemoveLeftovers(own); err != nil {
		t.Fatal(err)
	}
	for i, path := range temporary {
		_, err := os.Stat(path)
		if kept := err == nil; kept != (i == 2) {
			t.Errorf("file %d: kept %v", i, kept)
		}
	}
}
