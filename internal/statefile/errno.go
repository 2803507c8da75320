//go:build !windows

package statefile

import "syscall"

const (
	errReadOnly = syscall.EROFS
	errFull     = syscall.ENOSPC
	errQuota    = syscall.EDQUOT
	errNoLocks  = syscall.ENOLCK
	errBusy     = syscall.EBUSY

	busyCause = "it is a mount of its own"
	busyFix   = "mount its directory instead"
)
