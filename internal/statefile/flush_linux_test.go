package statefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/profilectl/profilectl/internal/statefile"
)

// TestWriteKeepsTheOldFileIfTheNewOneDoesNotReachTheDisk makes the kernel fail to flush
// data. A Write that renames the file without flushing it would succeed.
func TestWriteKeepsTheOldFileIfTheNewOneDoesNotReachTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := statefile.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // without a later unlock, the thread ends with the goroutine
		if err := failFlushes(); err != nil {
			failed <- err
			return
		}
		failed <- statefile.Write(path, []byte("new"))
	}()
	if err := <-failed; !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v, want the error of the flush", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file has %q, %v", got, err)
	}
}

// failFlushes makes fsync and fdatasync fail with EIO in this thread, for the rest of its
// life (seccomp(2)).
func failFlushes() error {
	const number = 0 // the offset of the system call's number in struct seccomp_data
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FSYNC, Jt: 2},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(syscall.EIO)},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	address := uintptr(unsafe.Pointer(&program))
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, address, 0, 0)
	runtime.KeepAlive(&program)
	return err
}
