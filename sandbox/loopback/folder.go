package loopback

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrInUse says that another process has the folder.
var ErrInUse = errors.New("another sandbox uses this folder")

// Folder keeps one tenant between starts. Only one process has it at a time.
type Folder struct {
	dir  string
	lock *flock.Flock
}

// Ports are the tenant's own: a port is part of the issuer, so of every cached
// token, and must not change between starts.
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

// OpenFolder takes a folder, made if it is not there, and sweeps what a killed
// process left behind. It returns ErrInUse where another process has it.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make sandbox folder: %w", err)
	}
	f := &Folder{dir: dir, lock: flock.New(filepath.Join(dir, lockFile))}
	taken, err := f.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock sandbox folder: %w", err)
	}
	if !taken {
		return nil, ErrInUse
	}
	stray, err := filepath.Glob(filepath.Join(dir, tempGlob))
	for _, path := range stray {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sweep sandbox folder: %w", err), f.Close())
	}
	return f, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.lock.Unlock() }

// CAPath returns the path of the CA's certificate.
func (f *Folder) CAPath() string { return filepath.Join(f.dir, caFile) }

// Dir returns the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Load returns the tenant's state, or nil where there is none yet.
func (f *Folder) Load() ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(f.dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// Save replaces the tenant's state, whole or not at all, and returns once it is
// on the disk.
func (f *Folder) Save(state []byte) error {
	return writeFile(filepath.Join(f.dir, stateFile), state, 0o600)
}

// Ports returns the ports of the last start; zeros where there are none.
func (f *Folder) Ports() (p Ports, err error) {
	raw, err := os.ReadFile(filepath.Join(f.dir, portsFile))
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

// KeepPorts notes the ports for the next start.
func (f *Folder) KeepPorts(p Ports) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write ports: %w", err)
	}
	return writeFile(filepath.Join(f.dir, portsFile), raw, 0o600)
}

// Reset forgets the tenant; ports and certificate stay.
func (f *Folder) Reset() error {
	err := os.Remove(filepath.Join(f.dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// writeFile replaces a file by rename, after it and before its folder are
// synced: a reader, and a machine that lost power, sees the old or the new one.
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
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(temp.Name()))
	}
	return syncDir(filepath.Dir(path))
}
