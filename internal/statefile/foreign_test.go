//go:build !windows

package statefile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestForeignTrustsThisUserAndRoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if Foreign(path) {
		t.Error("a file of this user is foreign")
	}
	owner := os.Getuid()
	if owner == 0 { // only root can give a file away
		const other = 4242
		if foreignTo(other, path) {
			t.Error("a file of root is foreign")
		}
		owner = other
		if err := os.Chown(path, owner, -1); err != nil {
			t.Fatal(err)
		}
		if !Foreign(path) {
			t.Error("a file of another user is not foreign to root")
		}
	}
	if foreignTo(owner, path) || !foreignTo(owner+1, path) {
		t.Errorf("foreign to its owner: %v, to another user: %v", foreignTo(owner, path), foreignTo(owner+1, path))
	}
	if Foreign(path + ".missing") {
		t.Error("a file that does not exist is foreign")
	}
}
