package terminal

import "syscall"

// detached starts a process in a group of its own, without a window: a Ctrl-C
// in our console does not reach it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}
