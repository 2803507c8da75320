// Package neterr tells the errors of sockets apart. On Windows they are those of
// Winsock, which errors.Is does not match with the POSIX names of package syscall
// (learn.microsoft.com, "Windows Sockets Error Codes").
package neterr

import "errors"

// IsInUse reports whether an error is that another socket uses the port.
func IsInUse(err error) bool { return errors.Is(err, inUse) }

// IsForbidden reports whether an error is that this user may not listen on the port.
func IsForbidden(err error) bool { return errors.Is(err, forbidden) }

// IsNoAddress reports whether an error is that the machine does not have the IP address,
// or does not have its version of IP.
func IsNoAddress(err error) bool { return errors.Is(err, noAddress) || errors.Is(err, noFamily) }

// IsRefused reports whether an error is that nothing listens at the address.
func IsRefused(err error) bool { return errors.Is(err, refused) }

// IsReset reports whether an error is that the other side, or the system, ended the
// connection.
func IsReset(err error) bool {
	return errors.Is(err, reset) || errors.Is(err, aborted) || errors.Is(err, pipe)
}
