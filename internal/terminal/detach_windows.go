package terminal

import "syscall"

// detached starts a process in a group of its own and without a window, so that
// Ctrl-C in this console does not reach it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}
