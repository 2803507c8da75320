//go:build !windows

package neterr

import "syscall"

const (
	inUse     = syscall.EADDRINUSE
	forbidden = syscall.EACCES
	noAddress = syscall.EADDRNOTAVAIL
	noFamily  = syscall.EAFNOSUPPORT
	refused   = syscall.ECONNREFUSED
	reset     = syscall.ECONNRESET
	aborted   = syscall.ECONNABORTED
	pipe      = syscall.EPIPE
)
