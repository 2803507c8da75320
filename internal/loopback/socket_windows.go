package loopback

import "syscall"

// The error numbers of Winsock. Those of package syscall with the names of POSIX are
// invented and never returned.
const (
	errBusy      = syscall.Errno(10048) // WSAEADDRINUSE
	errForbidden = syscall.Errno(10013) // WSAEACCES
	errNoAddress = syscall.Errno(10049) // WSAEADDRNOTAVAIL
	errNoFamily  = syscall.Errno(10047) // WSAEAFNOSUPPORT
)

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
