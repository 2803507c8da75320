package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"unsafe"

	"github.com/charmbracelet/x/conpty"
	"golang.org/x/sys/windows"
)

// console is a pseudoconsole of Windows with a process in it.
type console struct {
	pseudo  *conpty.ConPty
	in, out *os.File // what the user types, and what the console shows
	process *os.Process
	ctrlC   string // the command pressCtrlC
}

// startInTerminal starts a command in a terminal of its own.
func startInTerminal(c *exec.Cmd, width, height uint16) (*console, error) {
	if os.Getenv("PROFILECTL_TEST_WINE") != "" {
		// Wine starts its desktop when a key is typed first, and passes the pipes on to it.
		_, _, _ = windows.NewLazySystemDLL("user32.dll").NewProc("GetDesktopWindow").Call()
	}
	inRead, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer inRead.Close()
	out, outWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer outWrite.Close()
	pseudo, err := conpty.NewWithPipes(
		inRead.Fd(), in.Fd(), out.Fd(), outWrite.Fd(), int(width), int(height), 0,
	)
	if err != nil {
		return nil, err
	}
	t := &console{pseudo: pseudo, in: in, out: out, ctrlC: filepath.Join(filepath.Dir(c.Path), "ctrl-c.exe")}
	pid, handle, err := pseudo.Spawn(c.Path, c.Args, &syscall.ProcAttr{Dir: c.Dir, Env: c.Env})
	if err != nil {
		return nil, err
	}
	t.process, err = os.FindProcess(pid)
	return t, errors.Join(err, windows.CloseHandle(windows.Handle(handle)))
}

// Read reads what the console shows (io.Reader).
func (t *console) Read(p []byte) (int, error) { return t.out.Read(p) }

// Write types text (io.Writer). A pseudoconsole of Wine ends when it reads Ctrl-C, so the key is
// pressed in its console instead.
func (t *console) Write(p []byte) (int, error) {
	if string(p) == "\x03" && os.Getenv("PROFILECTL_TEST_WINE") != "" {
		return len(p), exec.Command(t.ctrlC, strconv.Itoa(t.process.Pid)).Run()
	}
	return t.in.Write(p)
}

// pressCtrlC presses Ctrl-C in the console of the process that the argument names. The console
// makes it a signal or a key, as the process has chosen. It is a command of its own, because a
// process has only one console.
func pressCtrlC() {
	const keyEvent, leftCtrlPressed = 1, 8
	signal.Ignore(os.Interrupt)
	pid, err := strconv.ParseUint(os.Args[1], 10, 32)
	if err != nil {
		panic(err)
	}
	kernel32 := windows.NewLazySystemDLL("kernel32.dll")
	_, _, _ = kernel32.NewProc("FreeConsole").Call() // fails if there is none
	if attached, _, err := kernel32.NewProc("AttachConsole").Call(uintptr(pid)); attached == 0 {
		panic(err)
	}
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	key := struct { // INPUT_RECORD with a KEY_EVENT_RECORD
		event                       uint16
		down                        int32
		repeat, virtual, scan, char uint16
		controls                    uint32
	}{
		event:    keyEvent,
		down:     1,
		repeat:   1,
		virtual:  'C',
		char:     'C' - '@',
		controls: leftCtrlPressed,
	}
	var written uint32
	pressed, _, err := kernel32.NewProc("WriteConsoleInputW").Call(
		in.Fd(), uintptr(unsafe.Pointer(&key)), 1, uintptr(unsafe.Pointer(&written)),
	)
	if pressed == 0 {
		panic(err)
	}
}

// useConsole replaces the standard streams by the console if there are none, as in the
// pseudoconsoles of Wine.
func useConsole() {
	if handle, _ := windows.GetStdHandle(windows.STD_OUTPUT_HANDLE); handle != 0 {
		return
	}
	in, inErr := os.OpenFile("CONIN$", os.O_RDWR, 0)
	out, outErr := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	err := windows.SetStdHandle(windows.STD_INPUT_HANDLE, windows.Handle(in.Fd())) // for Bubble Tea
	if err = errors.Join(inErr, outErr, err); err != nil {
		panic(err)
	}
	os.Stdin, os.Stdout, os.Stderr = in, out, out
}

// Kill ends the process.
func (t *console) Kill() error { return t.process.Kill() }

// Wait waits for the process and returns its exit code. Then the console ends, and Read
// returns an error once everything was read.
func (t *console) Wait() (code int, err error) {
	state, err := t.process.Wait()
	windows.ClosePseudoConsole(windows.Handle(t.pseudo.Fd()))
	return state.ExitCode(), err
}

// Close closes the pipes to the console (io.Closer).
func (t *console) Close() error { return errors.Join(t.in.Close(), t.out.Close()) }
