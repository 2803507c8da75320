package statefile

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestOthersMayIgnoresModesThatMeanNothing stands in for a file system, such as a drive
// of Windows in WSL, that shows 0777 for every file.
func TestOthersMayIgnoresModesThatMeanNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	yes := func(string) bool { return true }
	if othersMay(0o077, path, IgnoresModes) {
		t.Error("others may use a private file")
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if !othersMay(0o022, path, IgnoresModes) {
		t.Error("others may not write a file with mode 0777")
	}
	if othersMay(0o022, path, yes) {
		t.Error("a mode is believed that the file system ignores")
	}
	if othersMay(0o022, filepath.Join(dir, "missing"), yes) {
		t.Error("others may write a file that does not exist")
	}
	if left, err := filepath.Glob(filepath.Join(dir, Temporary)); err != nil || len(left) > 0 {
		t.Errorf("the check left %v, %v", left, err)
	}
}
