package tokenstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

// NewFile returns a store in a plain file of Config.StateDir instead of a keyring. It
// ignores Config.Ring, Wait and MaxItem. Use it only if the user has asked for it:
// everyone who can read the file, or a backup of it, has the tokens. The file has
// mode 0600 and is replaced as a whole. A file that other users can read is rejected.
func NewFile(c Config) (*Store, error) {
	c.Ring, c.Wait, c.MaxItem = plainFiles{dir: c.StateDir}, lockWait, 2*maxCache
	s, err := New(c)
	if err != nil {
		return nil, err
	}
	s.kind = "file"
	return s, nil
}

// FilePath returns the path of the plain file of a service.
func FilePath(stateDir, service string) string {
	return plainFiles{dir: stateDir}.path(service, headName)
}

// plainFiles is a Ring that keeps each item in a file.
type plainFiles struct{ dir string }

func (p plainFiles) path(service, account string) string {
	return filepath.Join(p.dir, strings.ReplaceAll(service, "/", "-")+"."+account)
}

// Get reads an item. It rejects a file that other users can read, unless the file
// system ignores modes: then the user can do nothing about it.
func (p plainFiles) Get(service, account string) (string, error) {
	path := p.path(service, account)
	const all = 0o077
	if statefile.OthersMay(all, path) {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("other users can read the stored sign-in, %s", path),
			Fix:  "delete the file, and change the password if another user may have read it",
			Next: fault.DoSignIn,
		}
	}
	raw, err := statefile.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errNotFound
	case err != nil:
		return "", cannotRead(path, err)
	}
	return string(raw), nil
}

// Set replaces an item.
func (p plainFiles) Set(service, account, secret string) error {
	path := p.path(service, account)
	if err := statefile.Write(path, []byte(secret)); err != nil {
		return statefile.WriteFault(path, err)
	}
	return nil
}

// Delete deletes an item.
func (p plainFiles) Delete(service, account string) error {
	path := p.path(service, account)
	err := os.Remove(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errNotFound
	case err != nil:
		return statefile.WriteFault(path, err)
	}
	return nil
}

// DeleteAll deletes all items of a service, and the temporary files of processes that were
// killed while they saved one. Those of other services may be in use.
func (p plainFiles) DeleteAll(service string) error {
	path := p.path(service, headName)
	if err := statefile.RemoveLeftovers(path); err != nil {
		return statefile.WriteFault(path, err)
	}
	return p.Delete(service, headName)
}
