package auth

import "syscall"

// exclusive keeps another program from binding the same port beside ours,
// which Windows allows by default (SO_EXCLUSIVEADDRUSE, winsock2.h: the
// complement of SO_REUSEADDR).
func exclusive(_, _ string, raw syscall.RawConn) error {
	var set error
	err := raw.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, ^syscall.SO_REUSEADDR, 1)
	})
	if err != nil {
		return err
	}
	return set
}
