package loopback

import "golang.org/x/sys/windows"

// The errors of Winsock, which errors.Is does not match with the POSIX names of package
// syscall.
const (
	errInUse     = windows.WSAEADDRINUSE
	errNoAddress = windows.WSAEADDRNOTAVAIL
	errNoFamily  = windows.WSAEAFNOSUPPORT
)
