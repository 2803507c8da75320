package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// busConfig configures a session bus without service directories, so that no
// service is started on demand.
const busConfig = `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

const secretService = "org.freedesktop.secrets"

// keyringCommand gives the script a session bus in a certain state, or kills the
// keyring:
//
//	no-bus   there is no bus
//	absent   the bus has no keyring
//	empty    the keyring has no collection
//	locked   the keyring is locked
//	hanging  the keyring accepts calls and never replies
//	real     gnome-keyring works
//	kill     the real keyring is killed
func keyringCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keyring no-bus | absent | empty | locked | hanging | real | kill")
	}
	state := stateOf(ts)
	if args[0] == "kill" {
		ts.Check(state.keyring.Process.Kill())
		_ = state.keyring.Wait() // reports that it was killed
		return
	}
	ts.Setenv("TEST_KEYRING", "")
	if args[0] == "no-bus" {
		ts.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+ts.MkAbs("no-bus"))
		return
	}
	bus := startBus(ts)
	ts.Setenv("DBUS_SESSION_BUS_ADDRESS", bus)
	data := ts.MkAbs("keyring-" + args[0])
	ts.Check(os.MkdirAll(data, 0o700))
	switch args[0] {
	case "absent":
	case "empty":
		startKeyring(ts, bus, data)
	case "hanging":
		startHangingKeyring(ts, bus)
	case "locked":
		c := startKeyring(ts, bus, data, "--unlock")
		ts.Check(c.Process.Kill())
		_ = c.Wait() // reports that it was killed
		awaitKeyring(ts, "absent", func() bool { return !isPresent(bus) })
		startKeyring(ts, bus, data)
	case "real":
		state.keyring = startKeyring(ts, bus, data, "--unlock")
	default:
		ts.Fatalf("unknown keyring state %s", args[0])
	}
}

// startBus starts a session bus that ends with the script, and returns its
// address.
func startBus(ts *testscript.TestScript) string {
	dir, err := os.MkdirTemp("", "bus") // the path of a socket must be short
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "bus.conf")
	ts.Check(os.WriteFile(config, fmt.Appendf(nil, busConfig, dir), 0o600))
	c := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address=1")
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	return strings.TrimSpace(address)
}

// startKeyring starts a gnome-keyring on the bus and waits until it is ready.
// With --unlock it is unlocked, without it is locked.
func startKeyring(ts *testscript.TestScript, bus, data string, flags ...string) *exec.Cmd {
	c := exec.Command("gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, flags...)...)
	c.Env = []string{
		"DBUS_SESSION_BUS_ADDRESS=" + bus,
		"HOME=" + data,
		"PATH=" + os.Getenv("PATH"),
		"XDG_DATA_HOME=" + data,
		"XDG_RUNTIME_DIR=" + data,
	}
	c.Stdin = strings.NewReader("test-password")
	ts.Check(c.Start())
	ts.Defer(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	awaitKeyring(ts, "present", func() bool { return isPresent(bus) })
	if len(flags) > 0 {
		awaitKeyring(ts, "unlocked", func() bool { return isUnlocked(bus) })
	}
	return c
}

func awaitKeyring(ts *testscript.TestScript, state string, reached func() bool) {
	if !waitUntil(reached) {
		ts.Fatalf("the keyring is not %s", state)
	}
}

// isPresent reports whether there is a keyring on the bus. The call does not
// start one.
func isPresent(bus string) bool {
	conn, err := dbus.Connect(bus)
	if err != nil {
		return false
	}
	defer conn.Close()
	var owned bool
	err = conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretService).Store(&owned)
	return err == nil && owned
}

func isUnlocked(bus string) bool {
	conn, err := dbus.Connect(bus)
	if err != nil {
		return false
	}
	defer conn.Close()
	collection := conn.Object(secretService, "/org/freedesktop/secrets/collection/login")
	locked, err := collection.GetProperty("org.freedesktop.Secret.Collection.Locked")
	return err == nil && locked.Value() == false
}

// hangingKeyring accepts calls and never replies.
type hangingKeyring struct{ ctx context.Context }

// Unlock is the first method that profilectl calls. It blocks, as it does while
// the dialog of a real keyring is open.
func (k hangingKeyring) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	<-k.ctx.Done()
	return nil, "/", dbus.MakeFailedError(k.ctx.Err())
}

func startHangingKeyring(ts *testscript.TestScript, bus string) {
	conn, err := dbus.Connect(bus)
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	ts.Defer(func() {
		stop()
		_ = conn.Close()
	})
	ts.Check(conn.Export(hangingKeyring{ctx}, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service"))
	reply, err := conn.RequestName(secretService, dbus.NameFlagDoNotQueue)
	ts.Check(err)
	if reply != dbus.RequestNameReplyPrimaryOwner {
		ts.Fatalf("another keyring is on the bus")
	}
}
