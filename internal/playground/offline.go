package playground

import (
	"errors"
	"io/fs"
	"os"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// Offline is a kept tenant whose sandbox is not running. No sandbox can start from
// its directory until Close is called.
type Offline struct {
	dir    *loopback.Dir
	tenant *sandbox.Tenant
}

// OpenOffline opens the tenant that a directory keeps. It fails with an Unavailable
// fault if the directory keeps none, and with a Usage fault if a sandbox is running or the
// directory cannot be read.
func OpenOffline(dir string) (*Offline, error) {
	none := &fault.Error{
		Kind: fault.Unavailable,
		What: "no sandbox is running, and " + dir + " keeps none",
		Next: fault.DoStartSandbox,
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, none
	} else if err != nil {
		return nil, stateFault(dir, err)
	}
	d, err := loopback.OpenDir(dir)
	if errors.Is(err, loopback.ErrInUse) {
		return nil, runningFault(err)
	}
	if err != nil {
		return nil, stateFault(dir, err)
	}
	raw, err := d.Load()
	switch {
	case err != nil:
		return nil, errors.Join(stateFault(dir, err), d.Close())
	case raw == nil:
		return nil, errors.Join(none, d.Close())
	}
	tenant, err := sandbox.New(sandbox.Config{Store: d})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &Offline{dir: d, tenant: tenant}, nil
}

// Export returns the tenant as YAML, on request with its keys.
func (o *Offline) Export(keys bool) ([]byte, error) { return o.tenant.Export(keys) }

// Import replaces the tenant. A mistake in the file is a *control.FileError.
func (o *Offline) Import(file []byte) error { return o.tenant.Import(file) }

// Close lets a sandbox start from the directory again.
func (o *Offline) Close() error { return o.dir.Close() }
