package statefile

import "golang.org/x/sys/windows"

// The errors of Windows, which errors.Is does not match with the POSIX names of package
// syscall.
const (
	errReadOnly = windows.ERROR_WRITE_PROTECT
	errFull     = windows.ERROR_DISK_FULL
	errQuota    = windows.ERROR_DISK_QUOTA_EXCEEDED
	errNoLocks  = windows.ERROR_INVALID_FUNCTION
	errBusy     = windows.ERROR_SHARING_VIOLATION

	busyCause = "another program has it open"
	busyFix   = "close that program, then run the command again"
)
