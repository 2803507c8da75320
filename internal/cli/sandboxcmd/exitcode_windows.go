package sandboxcmd

import "os"

// exitCodeOf returns the exit code of a process.
func exitCodeOf(state *os.ProcessState) int { return state.ExitCode() }
