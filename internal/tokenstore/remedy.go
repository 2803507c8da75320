package tokenstore

import (
	"errors"
	"net"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/godbus/dbus/v5"

	"github.com/profilectl/profilectl/internal/fault"
)

// explain sorts a keyring error into four classes: not found (returned as it
// is), no keyring here, locked, timed out. What is a fault already stays so.
func explain(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	switch {
	case err == nil, errors.Is(err, errNotFound):
		return err
	case errors.Is(err, errSaveTimedOut) && runtime.GOOS == "linux":
		return &fault.Error{
			Kind: fault.Unavailable, What: "the keyring did not answer in time when the sign-in was to be saved",
			Fix: unlock(runtime.GOOS) + "; KeePassXC up to 2.7.4 never finishes replacing an item: update it, or use another keyring", Err: err,
		}
	case errors.Is(err, errTimedOut):
		return &fault.Error{Kind: fault.Unavailable, What: "the keyring did not answer in time", Fix: unlock(runtime.GOOS), Err: err}
	case errors.Is(err, errNoSession), absent(err):
		return &fault.Error{Kind: fault.Unavailable, What: "there is no keyring in this session", Fix: noSession(runtime.GOOS), Err: err}
	}
	return &fault.Error{Kind: fault.Unavailable, What: "the keyring is locked, or cannot be used", Fix: unlock(runtime.GOOS), Err: err}
}

// absent tells errors of the way to the keyring from the keyring's own: the bus
// is not there, nobody offers the service on it (org.freedesktop.DBus.Error.*),
// the session may not use it (Windows, ERROR_NO_SUCH_LOGON_SESSION). What is
// left is the keyring's plain refusal, which the library has no type for: it is
// locked.
func absent(err error) bool {
	const noSuchLogonSession = syscall.Errno(1312)
	var bus dbus.Error
	var network *net.OpError
	var program *exec.Error
	return errors.As(err, &bus) || errors.As(err, &network) || errors.As(err, &program) ||
		runtime.GOOS == "windows" && errors.Is(err, noSuchLogonSession)
}

// noSession says how to get a keyring.
func noSession(goos string) string {
	switch goos {
	case "darwin":
		return "run the command in a session of your own, or unlock the keychain with `security unlock-keychain`"
	case "windows":
		return "run the command in a session that you signed in to at the machine or by Remote Desktop, not over SSH"
	}
	return "run it in a desktop session, or start one: `dbus-run-session -- sh -c 'gnome-keyring-daemon --unlock --components=secrets; exec $SHELL'`; where neither can be, `profilectl login --insecure-storage` keeps the tokens in a plain file"
}

// unlock says how to open one.
func unlock(goos string) string {
	if goos == "darwin" {
		return "unlock the keychain with `security unlock-keychain`, then run the command again"
	}
	return "unlock the keyring of your desktop session, then run the command again"
}

// cannotRead is the fault of a state folder that hides what it has.
func cannotRead(path string, err error) error {
	return &fault.Error{Kind: fault.Usage, What: "cannot read " + path, Fix: "make the file readable for you, and for nobody else", Err: err}
}

// cannotWrite is the fault of a state folder that refuses.
func cannotWrite(path string, err error) error {
	return &fault.Error{Kind: fault.Usage, What: "cannot write " + path, Fix: "make the folder writable, or name another one in XDG_STATE_HOME", Err: err}
}
