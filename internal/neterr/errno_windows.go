package neterr

import "golang.org/x/sys/windows"

const (
	inUse     = windows.WSAEADDRINUSE
	forbidden = windows.WSAEACCES
	noAddress = windows.WSAEADDRNOTAVAIL
	noFamily  = windows.WSAEAFNOSUPPORT
	refused   = windows.WSAECONNREFUSED
	reset     = windows.WSAECONNRESET
	aborted   = windows.WSAECONNABORTED
	pipe      = windows.WSAESHUTDOWN
)
