package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// The files that a playground adds to those of a kept tenant.
const (
	// controlFile holds the address and the key of the control API while the sandbox
	// runs.
	controlFile = "control.json"
	// passwordFile holds the password of the seeded user, of which the tenant keeps
	// only a hash, so that a later start can print it. It is valid nowhere else.
	passwordFile = "password"
)

// state is what a tenant starts from.
type state struct {
	dir   *loopback.Dir  // nil if the tenant is temporary
	ports loopback.Ports // 0 is a free one
	next  *replacement   // of the tenant in dir; nil if that continues
}

// replacement is the store of a tenant that replaces the one in a directory. Until commit, it
// keeps the new tenant in memory, so that the old one is not lost if the start fails.
type replacement struct {
	*loopback.Dir
	state     []byte
	committed bool
}

// Load returns no tenant, so that a new one starts.
func (r *replacement) Load() ([]byte, error) { return nil, nil }

// Save keeps the tenant.
func (r *replacement) Save(state []byte) error {
	if r.committed {
		return r.Dir.Save(state)
	}
	r.state = state
	return nil
}

// commit replaces the tenant in the directory.
func (r *replacement) commit() error {
	r.committed = true
	return r.Dir.Save(r.state)
}

// openState opens the directory of a kept tenant, or makes a temporary one.
func (p *Playground) openState(o Options) (state, error) {
	ports, err := o.ports()
	if err != nil {
		return state{}, err
	}
	if o.Dir == "" {
		return p.temporary(ports)
	}
	return p.kept(o, ports)
}

// ports returns the ports that FirstPort asks for.
func (o Options) ports() (loopback.Ports, error) {
	const last = 65535 - 2
	if o.FirstPort == 0 {
		return loopback.Ports{}, nil
	}
	if o.FirstPort < 0 || o.FirstPort > last {
		return loopback.Ports{}, &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("%d cannot be the first of three ports", o.FirstPort),
			Fix:  fmt.Sprintf("choose a port between 1 and %d", last),
		}
	}
	return loopback.Ports{API: o.FirstPort, Pages: o.FirstPort + 1, MidTier: o.FirstPort + 2}, nil
}

// temporary makes a directory for the CA of a temporary tenant.
func (p *Playground) temporary(ports loopback.Ports) (state, error) {
	SweepTemporary()
	dir, err := os.MkdirTemp("", tempGlob)
	if err != nil {
		return state{}, fmt.Errorf("make temporary directory: %w", err)
	}
	lock, err := loopback.OpenDir(dir) // so that no other process sweeps it
	if err != nil {
		return state{}, errors.Join(stateFault(dir, err), os.RemoveAll(dir))
	}
	p.onClose(func() {
		_ = lock.Close()
		_ = os.RemoveAll(dir)
	})
	p.Dir, p.CAFile = dir, filepath.Join(dir, "ca.pem")
	return state{ports: ports}, nil
}

// kept opens the directory of a kept tenant.
func (p *Playground) kept(o Options, ports loopback.Ports) (state, error) {
	dir, err := loopback.OpenDir(o.Dir)
	if errors.Is(err, loopback.ErrInUse) {
		return state{}, runningFault(err)
	}
	if err != nil {
		return state{}, stateFault(o.Dir, err)
	}
	p.onClose(func() { _ = dir.Close() })
	p.Dir, p.CAFile = dir.Path(), dir.CAPath()
	s := state{dir: dir, ports: ports}
	if o.Reset {
		s.next = &replacement{Dir: dir}
	}
	if o.FirstPort == 0 && !o.NewPorts {
		if s.ports, err = dir.Ports(); err != nil {
			return state{}, stateFault(o.Dir, err)
		}
	}
	return s, nil
}

// store returns where the tenant is kept, or nil.
func (s state) store() sandbox.Store {
	if s.dir == nil {
		return nil // not a nil *loopback.Dir
	}
	if s.next != nil {
		return s.next
	}
	return s.dir
}

// keep stores the ports for the next start, and the tenant that replaces a kept one.
func (s state) keep() error {
	if s.dir == nil {
		return nil
	}
	err := s.dir.SavePorts(s.ports)
	if err == nil && s.next != nil {
		err = s.next.commit()
	}
	if err != nil {
		return stateFault(s.dir.Path(), err)
	}
	return nil
}

// keepPassword stores the password of a new tenant's user, or restores that of an old
// one if it is still right. When the playground ends, it stores a new password.
func (p *Playground) keepPassword(s state) error {
	if s.dir == nil {
		return nil
	}
	if raw, err := os.ReadFile(p.passwordFile()); err == nil && p.Facts.Password+p.Facts.AdminPassword == "" {
		p.Tenant.RestorePassword(string(raw)) // without it the tenant works, too
		p.Facts = p.Tenant.Facts()
	}
	if err := p.storePassword(); err != nil {
		return stateFault(p.Dir, err)
	}
	p.onClose(func() { _ = p.storePassword() }) // a page may have changed it
	return nil
}

// storePassword stores the password of the seeded user or of the administrator, or removes
// the file if it is not known.
func (p *Playground) storePassword() error {
	saved := p.Tenant.SavedPassword()
	if saved == "" {
		return os.RemoveAll(p.passwordFile())
	}
	return statefile.Write(p.passwordFile(), []byte(saved))
}

func (p *Playground) passwordFile() string { return filepath.Join(p.Dir, passwordFile) }

// publishControl lets other processes of this user manage a kept tenant.
func (p *Playground) publishControl(s state) error {
	if s.dir == nil {
		return nil
	}
	raw, err := json.Marshal(address{URL: p.controlURL, Key: p.ControlKey})
	if err != nil {
		return fmt.Errorf("encode control address: %w", err)
	}
	control := filepath.Join(p.Dir, controlFile)
	if err := statefile.Write(control, raw); err != nil {
		return stateFault(p.Dir, err)
	}
	p.onClose(func() { _ = os.Remove(control) })
	return nil
}

func runningFault(err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "a sandbox is already running",
		Fix:  "use it",
		Next: fault.DoStartOtherSandbox,
		Err:  err,
	}
}

func stateFault(dir string, err error) error {
	what := "cannot use the directory " + dir
	if errors.Is(err, fs.ErrPermission) {
		what += ": permission denied"
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  "make it writable, or choose another directory",
		Err:  err,
	}
}

// Keeps reports whether a directory keeps a tenant.
func Keeps(dir string) bool { return loopback.Keeps(dir) }

// Running reports whether a sandbox runs from a directory.
func Running(dir string) bool {
	if _, err := os.Stat(dir); err != nil {
		return false
	}
	d, err := loopback.OpenDir(dir)
	if err != nil {
		return errors.Is(err, loopback.ErrInUse)
	}
	_ = d.Close() // nothing was written
	return false
}
