package statefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestExplainNamesTheCause(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	me := os.Getuid()
	for _, c := range []struct {
		name      string
		err       error
		what, fix string
	}{
		{"no permission", fs.ErrPermission, "failed: permission denied", "fix it"},
		{
			"a read-only file system", errReadOnly,
			"failed: its file system is read-only", "use a directory that can be written",
		},
		{"a full disk", errFull, "failed: the disk is full", "free some space, then run the command again"},
		{"a mount, or an open file on Windows", errBusy, "failed: " + busyCause, busyFix},
		{
			"a file system without locks", errNoLocks,
			"failed: its file system has no locks", "use a directory on another file system",
		},
		{"another error", errors.New("x"), "failed", "fix it"},
	} {
		err := &fs.PathError{Op: "open", Path: file, Err: c.err}
		if what, fix := explain("failed", "fix it", file, err, me); what != c.what || fix != c.fix {
			t.Errorf("%s: got %q, fix %q", c.name, what, fix)
		}
	}
}

func TestExplainNamesAForeignOwner(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the owner does not decide who may use a file")
	}
	dir := filepath.Join(t.TempDir(), "my files")
	file := filepath.Join(dir, "file")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	other := os.Getuid() + 1 // who runs the command, so that dir is not theirs
	what, fix := explain("failed", "fix it", file, fs.ErrPermission, other)
	if !strings.HasPrefix(what, "failed: "+dir+" belongs to ") ||
		!strings.HasSuffix(fix, "run `sudo chown -R $(id -un) '"+dir+"'`") {
		t.Errorf("got %q, fix %q", what, fix)
	}
}
