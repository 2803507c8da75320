//go:build !windows

package loopback

import "syscall"

const (
	errBusy      = syscall.EADDRINUSE
	errForbidden = syscall.EACCES
	errNoAddress = syscall.EADDRNOTAVAIL
	errNoFamily  = syscall.EAFNOSUPPORT
)

// exclusive does nothing: on this platform a bound port is always exclusive.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }
