//go:build !windows

package auth

import "syscall"

// exclusive does nothing: on this platform a bound port is always exclusive.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }
