// Package statefile writes the small files that profilectl keeps. A file is written as
// a whole or not at all, and only its owner can read it.
package statefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/robustio"
)

// Temporary is the pattern for the names of files that are being written. A killed
// process leaves such a file behind.
const Temporary = ".profilectl-*.tmp"

// TemporaryOf returns the pattern for the names of the temporary files with which Write
// replaces a file.
func TemporaryOf(path string) string {
	sum := sha256.Sum256([]byte(filepath.Base(path)))
	return strings.Replace(Temporary, "*", hex.EncodeToString(sum[:4])+"-*", 1)
}

// RemoveLeftovers removes the temporary files that killed processes left when they wrote a
// file. No process may write the file meanwhile.
func RemoveLeftovers(path string) error {
	path, err := follow(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if is, _ := filepath.Match(TemporaryOf(path), entry.Name()); !is {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Write replaces a file by rename once its data is on the disk, so that every reader,
// also after a crash, sees the old content or the new. The file has mode 0600. A
// missing directory is created with mode 0700. A symbolic link stays one: the file that
// it leads to is replaced. On Windows, where a file that is open cannot be replaced, Write
// tries again for two seconds.
func Write(path string, data []byte) error {
	path, err := follow(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temp, err := os.CreateTemp(dir, TemporaryOf(path)) // with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = robustio.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}

// Read returns the content of a file that other processes replace with Write. On Windows,
// where a file cannot be opened while it is replaced, Read tries again for two seconds.
func Read(path string) ([]byte, error) { return robustio.ReadFile(path) }

// physical returns path with the links in its directory resolved, if the directory exists.
func physical(path string) string {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return filepath.Clean(path)
	}
	return filepath.Join(resolved, name)
}

// follow returns the file that path leads to through symbolic links. The file need not
// exist.
func follow(path string) (string, error) {
	const most = 40 // as many as Linux follows
	for range most {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // path is not a link
		}
		if !filepath.IsAbs(target) {
			// Not Join: it drops a directory before "..", which may be a link itself.
			dir, _ := filepath.Split(path)
			target = dir + target
		}
		path = physical(target)
	}
	return path, errors.New("too many symbolic links")
}
