// Package statefile writes the small files that profilectl keeps: whole or not
// at all, for their owner alone.
package statefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces a file by rename once its bytes are on the disk, so that a
// reader, and a process after a crash, sees the old content or the new. The
// file's mode is 0600; a folder that is missing is made with 0700.
func Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temp, err := os.CreateTemp(dir, Temporary) // made with 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}

// Temporary is the pattern of the names that files have while they are written:
// what a killed process leaves.
const Temporary = ".profilectl-*.tmp"
