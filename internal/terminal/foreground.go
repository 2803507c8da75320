//go:build !windows

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// InForeground reports whether Ctrl-C in the terminal signals this process, and so also the
// children that it has not moved to another process group.
func InForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false // there is no terminal
	}
	defer func() { _ = tty.Close() }()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
