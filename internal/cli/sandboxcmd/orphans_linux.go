package sandboxcmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// adoptOrphans makes this process the parent of processes whose own parent ends (prctl(2),
// PR_SET_CHILD_SUBREAPER), so that endOrphans finds them.
func adoptOrphans() {
	const setChildSubreaper = 36
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0) // fails only on very old kernels
}

// endOrphans ends the processes that a command left running: with SIGTERM first, and
// after two seconds with SIGKILL. Their children become ours in turn.
func endOrphans() {
	const patience, longest, pause = 2 * time.Second, 4 * time.Second, 20 * time.Millisecond
	for start := time.Now(); time.Since(start) < longest; time.Sleep(pause) {
		children := ownChildren()
		if len(children) == 0 {
			return
		}
		signal := syscall.SIGTERM
		if time.Since(start) > patience {
			signal = syscall.SIGKILL
		}
		for _, pid := range children {
			_ = syscall.Kill(pid, signal) // it may have ended
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
}

// ownChildren returns the ids of the children of this process.
func ownChildren() []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var children []int
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		// The second field is the name in parentheses, the fourth the parent (proc(5)).
		after := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
		if err == nil && len(after) > 1 && string(after[1]) == strconv.Itoa(os.Getpid()) {
			children = append(children, pid)
		}
	}
	return children
}
