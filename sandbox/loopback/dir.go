package loopback

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/robustio"
)

// ErrInUse reports that another process holds the lock of the directory.
var ErrInUse = errors.New("another sandbox uses this directory")

// Dir represents the directory that keeps one tenant between starts. One process
// at a time can have it open. A Dir is a sandbox.Store.
type Dir struct {
	path string
	lock *flock.Flock
}

// Ports holds the ports of a tenant. They must not change between starts,
// because the port is part of the issuer, and so of every cached token.
type Ports struct {
	API     int `json:"api"`
	Pages   int `json:"pages"`
	MidTier int `json:"midTier"`
}

const (
	stateFile = "state.json"
	portsFile = "ports.json"
	lockFile  = "lock"
	tempGlob  = ".tmp-*"
)

// Keeps reports whether a directory keeps a tenant with its certificate.
func Keeps(path string) bool {
	for _, name := range []string{stateFile, leafFile} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

// OpenDir locks a directory, creates it if it does not exist, and deletes the
// temporary files of processes that were killed. It returns ErrInUse if another
// process has the directory open.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create sandbox directory: %w", err)
	}
	d := &Dir{path: path, lock: flock.New(filepath.Join(path, lockFile))}
	locked, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock sandbox directory: %w", err)
	}
	if !locked {
		return nil, ErrInUse
	}
	stray, err := filepath.Glob(filepath.Join(path, tempGlob))
	for _, file := range stray {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clean sandbox directory: %w", err), d.Close())
	}
	return d, nil
}

// Close unlocks the directory.
func (d *Dir) Close() error { return d.lock.Unlock() }

// Path returns the path of the directory.
func (d *Dir) Path() string { return d.path }

// CAPath returns the path of the CA's certificate.
func (d *Dir) CAPath() string { return filepath.Join(d.path, caFile) }

// Load returns the tenant's state, or nil if none was saved yet.
func (d *Dir) Load() ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(d.path, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// Save replaces the tenant's state atomically and returns once it is on the disk.
func (d *Dir) Save(state []byte) error {
	return writeFile(filepath.Join(d.path, stateFile), state, 0o600)
}

// Ports returns the ports of the last start, or zeros if none were saved yet.
func (d *Dir) Ports() (p Ports, err error) {
	raw, err := os.ReadFile(filepath.Join(d.path, portsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Ports{}, nil
	}
	if err != nil {
		return Ports{}, fmt.Errorf("read ports: %w", err)
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return Ports{}, fmt.Errorf("read ports: %w", err)
	}
	return p, nil
}

// SavePorts saves the ports for the next start.
func (d *Dir) SavePorts(p Ports) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write ports: %w", err)
	}
	return writeFile(filepath.Join(d.path, portsFile), raw, 0o600)
}

// writeFile replaces a file atomically: it syncs a temporary file, renames it, and
// syncs the directory. After a crash or a power failure, the file has either its
// old or its new content.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), tempGlob)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = robustio.Rename(temp.Name(), path) // on Windows, no file that is open can be replaced
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(temp.Name()))
	}
	return syncDir(filepath.Dir(path))
}
