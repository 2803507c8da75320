//go:build !windows

package loopback

import "syscall"

// exclusive does nothing: on this platform a bound port is always exclusive.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }
