package loopback_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/neterr"
)

// TestListenOpensBothAddresses needs IPv6 on the loopback interface, as do all tests
// of listeners.
func TestListenOpensBothAddresses(t *testing.T) {
	listeners, port, err := loopback.Listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, host := range []string{"127.0.0.1", "::1"} {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		conn.Close()
		listeners[i].Close()
	}
}

func TestListenRejectsAPortThatIsTakenOnOneAddress(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		other, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		taken := other.Addr().(*net.TCPAddr).Port
		if _, port, err := loopback.Listen(t.Context(), taken); !neterr.IsInUse(err) || port != taken {
			t.Errorf("%s: got port %d, %v", host, port, err)
		}
		other.Close()
	}
}
