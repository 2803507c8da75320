//go:build !windows

package terminal

import "syscall"

// detached starts a process in a session of its own: a Ctrl-C at our terminal
// does not reach it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
