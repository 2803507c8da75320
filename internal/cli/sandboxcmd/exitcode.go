//go:build !windows

package sandboxcmd

import (
	"os"
	"syscall"
)

// exitCodeOf returns the exit code of a process as shells do: 128 plus the number of the
// signal that ended it.
func exitCodeOf(state *os.ProcessState) int {
	const signaled = 128
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signaled + int(status.Signal())
	}
	return state.ExitCode()
}
