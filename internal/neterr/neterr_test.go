package neterr_test

import (
	"io"
	"net"
	"testing"

	"github.com/profilectl/profilectl/internal/neterr"
)

// The errors are those of real sockets, because their numbers depend on the system.

func TestIsInUseKnowsABusyPort(t *testing.T) {
	_, err := net.Listen("tcp4", listen(t).Addr().String())
	if !neterr.IsInUse(err) {
		t.Errorf("a busy port is %v", err)
	}
	for name, is := range map[string]func(error) bool{
		"forbidden": neterr.IsForbidden, "no address": neterr.IsNoAddress,
		"refused": neterr.IsRefused, "reset": neterr.IsReset,
	} {
		if is(err) {
			t.Errorf("a busy port counts as %s", name)
		}
	}
}

func TestIsNoAddressKnowsTheAddressOfAnotherMachine(t *testing.T) {
	l, err := net.Listen("tcp4", "192.0.2.1:0") // RFC 5737: no machine has it
	if err == nil {
		_ = l.Close() // only the error matters
	}
	if !neterr.IsNoAddress(err) {
		t.Errorf("an address of another machine is %v", err)
	}
}

func TestIsRefusedKnowsAClosedPort(t *testing.T) {
	l := listen(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err == nil {
		_ = conn.Close() // only the error matters
	}
	if !neterr.IsRefused(err) {
		t.Errorf("a closed port is %v", err)
	}
}

func TestIsResetKnowsADiscardedConnection(t *testing.T) {
	l := listen(t)
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("unread")); err != nil { // so that Close sends a reset
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(client); !neterr.IsReset(err) {
		t.Errorf("a discarded connection is %v", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // some tests close it themselves
	return l
}
