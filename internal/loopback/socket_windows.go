package loopback

import "syscall"

// exclusive prevents other programs from binding the same port, which Windows
// allows by default. It sets SO_EXCLUSIVEADDRUSE, which winsock2.h defines as the
// complement of SO_REUSEADDR.
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
