package tokenstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// noBusError is the error of a session without a session bus, and therefore without a
// keyring.
type noBusError struct {
	why      string // as a clause for the user
	variable bool   // DBUS_SESSION_BUS_ADDRESS is the cause
}

// Error returns why there is no bus.
func (n *noBusError) Error() string { return "no session bus: " + n.why }

// errNoCollection is the error of a keyring without a collection. It looks like a
// locked one: its default collection can be unlocked as little.
var errNoCollection = errors.New("the keyring has no collection")

// checkBus returns a *noBusError if there is no address to connect to. The library
// would then start a bus and a daemon of its own with dbus-launch, and leave them
// running.
func (r osRing) checkBus() error {
	if r.goos != "linux" {
		return nil
	}
	address := r.getenv(busVariable)
	if address == "" || address == "autolaunch:" { // both mean that there is no address
		bus := path.Join("/run/user", strconv.Itoa(r.uid), "bus") // where systemd puts it
		if _, err := os.Stat(bus); errors.Is(err, fs.ErrNotExist) {
			return &noBusError{why: busVariable + " is not set, and there is no " + bus}
		}
		return nil
	}
	return checkAddress(address)
}

// checkAddress returns nil if one of the addresses of a list can be connected to. Their
// form is described in the D-Bus specification, "Server Addresses".
func checkAddress(list string) error {
	why := "is not the address of a bus"
	for address := range strings.SplitSeq(list, ";") {
		transport, keys, ok := strings.Cut(address, ":")
		switch {
		case !ok:
		case transport == "unix" && hasKey(keys, "path", "abstract"), transport == "tcp", transport == "nonce-tcp":
			return nil
		case transport == "unix" && hasKey(keys, "dir", "tmpdir", "runtime"):
			why = "says where a bus listens (" + address + "), not where to connect"
		case transport == "disabled":
			why = "is " + address + ", which switches the session bus off"
		default:
			why = fmt.Sprintf("has the transport %q, which is not supported", transport)
		}
	}
	return &noBusError{why: busVariable + " " + why, variable: true}
}

// hasKey reports whether the part of an address after the transport has one of the keys
// with a value.
func hasKey(keys string, names ...string) bool {
	for pair := range strings.SplitSeq(keys, ",") {
		if name, value, _ := strings.Cut(pair, "="); value != "" && slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// collectionsError returns errNoCollection if a call failed because the keyring has
// neither a login nor a default collection, and err otherwise.
func (r osRing) collectionsError(err error) error {
	if r.goos != "linux" || err == nil || errors.Is(err, errNotFound) || isUnreachable(err) {
		return err
	}
	const secrets, login = "/org/freedesktop/secrets", "/org/freedesktop/secrets/collection/login"
	bus, busErr := dbus.SessionBus() // the connection of the library
	if busErr != nil {
		return err
	}
	service := bus.Object("org.freedesktop.secrets", secrets)
	var alias dbus.ObjectPath
	aliasErr := service.Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&alias)
	property, propertyErr := service.GetProperty("org.freedesktop.Secret.Service.Collections")
	if aliasErr != nil || propertyErr != nil {
		return err
	}
	collections, ok := property.Value().([]dbus.ObjectPath)
	if !ok || alias != "/" || slices.Contains(collections, login) {
		return err
	}
	return errors.Join(errNoCollection, err)
}
