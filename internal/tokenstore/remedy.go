package tokenstore

import (
	"errors"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

// explain turns an error of the keyring into a fault. It returns nil, errNotFound and
// faults unchanged.
func explain(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if err == nil || errors.Is(err, errNotFound) {
		return err
	}
	f := &fault.Error{Kind: fault.Unavailable, Fix: unlock(runtime.GOOS), Err: err}
	switch {
	case errors.Is(err, errSaveTimedOut) && runtime.GOOS == "linux":
		f.What = "the keyring did not save the sign-in in time"
		f.Fix += "; KeePassXC up to 2.7.4 never finishes replacing an item: update it, or use another keyring"
	case errors.Is(err, errTimedOut):
		f.What = "the keyring did not answer in time"
	case errors.Is(err, errNoCollection):
		f.What = "the keyring has no collection that could keep the sign-in"
		f.Fix = "create one called Login in the password manager of your desktop, such as Passwords and Keys (seahorse)"
		f.Next = fault.DoUsePlainFile
	case runtime.GOOS == "windows" && errors.Is(err, notEnoughMemory):
		f.What = "the Credential Manager of Windows is full"
		f.Fix = "remove credentials from it that you no longer need"
		f.Next = fault.DoUsePlainFile
	case isForeign(err):
		f.What = "the session bus, and the keyring with it, belongs to another user"
		f.Fix = "run the command as the user of the session, without sudo"
		f.Next = fault.DoUsePlainFile
	case isUnreachable(err):
		f.What = "there is no keyring in this session" + whyUnreachable(err)
		f.Fix = startSession(runtime.GOOS)
		f.Next = fault.DoUsePlainFile
		if noBus, ok := errors.AsType[*noBusError](err); ok && noBus.variable {
			f.Fix = "unset " + busVariable + ", or set it to the address of a bus, such as unix:path=/run/user/1000/bus"
		}
	default:
		f.What = "the keyring is locked or unusable"
	}
	return f
}

// notEnoughMemory is the error of Windows (ERROR_NOT_ENOUGH_MEMORY) if the Credential Manager
// cannot hold more items, although the machine has memory.
const notEnoughMemory = syscall.Errno(8)

// isUnreachable reports whether err comes from the way to the keyring: there is no
// bus, no program offers the service on it (org.freedesktop.DBus.Error.*), or the
// session may not use the keyring (ERROR_NO_SUCH_LOGON_SESSION on Windows). Every
// other error comes from the keyring itself (org.freedesktop.Secret.Error.* and errors
// of the library, which have no type). It usually means that the keyring is locked.
func isUnreachable(err error) bool {
	const noSuchLogonSession = syscall.Errno(1312)
	var noBus *noBusError
	var network *net.OpError
	var program *exec.Error
	return errors.As(err, &noBus) || isBusError(err) || errors.As(err, &network) || errors.As(err, &program) ||
		runtime.GOOS == "windows" && errors.Is(err, noSuchLogonSession)
}

// isBusError reports whether the session bus replied instead of the keyring.
func isBusError(err error) bool {
	var bus dbus.Error
	return errors.As(err, &bus) && strings.HasPrefix(bus.Name, "org.freedesktop.DBus.Error.")
}

// whyUnreachable returns what to add about a keyring that cannot be reached. It is
// empty if the error does not say more.
func whyUnreachable(err error) string {
	var noBus *noBusError
	var network *net.OpError
	switch {
	case errors.As(err, &noBus):
		return ": " + noBus.why
	case errors.As(err, &network) && network.Addr != nil:
		return ": no session bus answers at " + network.Addr.String()
	case isBusError(err):
		return ": no program offers one on the session bus"
	}
	return ""
}

// isForeign reports whether the session bus rejected this user, as it does for root
// with sudo. The library has no type for this error.
func isForeign(err error) bool { return strings.Contains(err.Error(), "dbus: authentication failed") }

// startSession returns the fix for a session without a keyring.
func startSession(goos string) string {
	switch goos {
	case "darwin":
		return "run the command in a session of your own, or unlock the keychain with `security unlock-keychain`"
	case "windows":
		return "run the command in a session that you signed in to at the machine or by Remote Desktop, not over SSH"
	}
	return "run the command in a desktop session"
}

// unlock returns the fix for a locked keyring.
func unlock(goos string) string {
	switch goos {
	case "darwin":
		return "unlock the keychain with `security unlock-keychain`, then run the command again"
	case "windows":
		return "sign out of Windows and in again, then run the command again"
	}
	return "unlock the keyring of your desktop session, then run the command again"
}

// cannotRead returns the fault of a state file that cannot be read.
func cannotRead(path string, err error) error {
	what, fix := statefile.Explain("cannot read "+path, "make the file readable for you alone", path, err)
	return &fault.Error{Kind: fault.Usage, What: what, Fix: fix, Err: err}
}
