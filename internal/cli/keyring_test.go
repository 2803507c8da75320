package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// busConfig is a session bus without service folders: nothing is activated by
// itself.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`

// keyringCommand gives the script a session with a keyring in a certain state:
// none at all, a bus without one, a locked one, one that never answers, a real
// one; or kills the real one.
func keyringCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keyring no-bus | absent | locked | hanging | real | kill")
	}
	state := stateOf(ts)
	if args[0] == "kill" {
		ts.Check(state.keyring.Process.Kill())
		_ = state.keyring.Wait() // it was killed
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
	case "hanging":
		hang(ts, bus)
	case "locked":
		c := startKeyring(ts, bus, data, "--unlock")
		ts.Check(c.Process.Kill())
		_ = c.Wait() // it was killed
		await(ts, func() bool { return !owned(bus) })
		startKeyring(ts, bus, data)
	case "real":
		state.keyring = startKeyring(ts, bus, data, "--unlock")
	default:
		ts.Fatalf("no such keyring: %s", args[0])
	}
}

// startBus starts a bus that ends with the script and returns its address.
func startBus(ts *testscript.TestScript) string {
	dir, err := os.MkdirTemp("", "bus") // the path of a socket has to be short
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "bus.conf")
	ts.Check(os.WriteFile(config, fmt.Appendf(nil, busConfig, dir), 0o600))
	c := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address=1")
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() { _ = c.Process.Kill(); _ = c.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	return strings.TrimSpace(address)
}

// startKeyring starts a gnome-keyring on the bus and waits until it is there.
func startKeyring(ts *testscript.TestScript, bus, data string, flags ...string) *exec.Cmd {
	c := exec.Command("gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, flags...)...)
	c.Env = []string{"DBUS_SESSION_BUS_ADDRESS=" + bus, "XDG_DATA_HOME=" + data, "XDG_RUNTIME_DIR=" + data, "HOME=" + data, "PATH=" + os.Getenv("PATH")}
	c.Stdin = strings.NewReader("test-password")
	ts.Check(c.Start())
	ts.Defer(func() { _ = c.Process.Kill(); _ = c.Wait() })
	await(ts, func() bool { return owned(bus) })
	if len(flags) > 0 {
		await(ts, func() bool { return unlocked(bus) })
	}
	return c
}

func await(ts *testscript.TestScript, done func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the keyring did not come into the wanted state")
		}
	}
}

const secrets = "org.freedesktop.secrets"

// owned tells whether there is a keyring on the bus. Asking starts none.
func owned(bus string) bool {
	conn, err := dbus.Connect(bus)
	if err != nil {
		return false
	}
	defer conn.Close()
	var yes bool
	return conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secrets).Store(&yes) == nil && yes
}

func unlocked(bus string) bool {
	conn, err := dbus.Connect(bus)
	if err != nil {
		return false
	}
	defer conn.Close()
	locked, err := conn.Object(secrets, "/org/freedesktop/secrets/collection/login").GetProperty("org.freedesktop.Secret.Collection.Locked")
	return err == nil && locked.Value() == false
}

// silentKeyring takes calls and never answers them.
type silentKeyring struct{ ctx context.Context }

// Unlock is the first thing that is asked for; a dialog that nobody answers lets
// it wait as long.
func (s silentKeyring) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	<-s.ctx.Done()
	return nil, "/", dbus.MakeFailedError(s.ctx.Err())
}

func hang(ts *testscript.TestScript, bus string) {
	conn, err := dbus.Connect(bus)
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	ts.Defer(func() { stop(); _ = conn.Close() })
	ts.Check(conn.Export(silentKeyring{ctx}, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service"))
	reply, err := conn.RequestName(secrets, dbus.NameFlagDoNotQueue)
	ts.Check(err)
	if reply != dbus.RequestNameReplyPrimaryOwner {
		ts.Fatalf("the name of the keyring is taken")
	}
}
