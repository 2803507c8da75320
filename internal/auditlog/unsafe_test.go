//go:build !windows

package auditlog

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestOpenRefusesUnsafeFiles(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	for path, create := range map[string]func(path string) error{
		"directory":    func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":         func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link":         func(path string) error { return os.Symlink(target, path) },
		"writable":     func(path string) error { return errOf(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o622)) },
		"missing/file": func(string) error { return nil },
	} {
		path = filepath.Join(dir, path)
		if err := create(path); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if f := fault.As(err); err == nil || f.Kind != fault.Usage || f.Fix == "" {
			t.Errorf("%s: %v", path, err)
		}
		if checked := Check(path); checked == nil || fault.As(checked).What != fault.As(err).What {
			t.Errorf("%s: Check returns %v, Open %v", path, checked, err)
		}
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the target of a link was created")
	}
}

func TestOpenRefusesAnotherUsersFile(t *testing.T) {
	path := "/etc/passwd" // belongs to root
	if os.Getuid() == 0 {
		path = filepath.Join(t.TempDir(), "audit")
		if err := errOf(os.WriteFile(path, nil, 0o600), os.Chown(path, 1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Open(path)
	if f := fault.As(err); f.Kind != fault.Usage || f.What != "the audit log belongs to another user" {
		t.Errorf("got %v", err)
	}
}

func errOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
