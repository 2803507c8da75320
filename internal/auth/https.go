package auth

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// watched is a listener that reports, once, that a client speaks TLS. A browser does
// so on every port of localhost after another program on localhost has sent
// Strict-Transport-Security: the list of such hosts has no ports (RFC 6797, 8.3). Then
// the browser shows an error, and the response of the identity provider never arrives.
type watched struct {
	net.Listener
	once  *sync.Once // of all listeners of a sign-in
	https func()
}

// Accept returns the next connection.
func (w watched) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: conn, https: func() { w.once.Do(w.https) }}, nil
}

// watchedConn looks at the first byte of a connection.
type watchedConn struct {
	net.Conn
	begun bool
	https func()
}

// Read reads from the connection. A TLS connection begins with a handshake record,
// whose type is 22 (RFC 8446, 5.1). No HTTP method begins with this byte.
func (c *watchedConn) Read(p []byte) (int, error) {
	const handshake = 22
	n, err := c.Conn.Read(p)
	if n > 0 && !c.begun {
		c.begun = true
		if p[0] == handshake {
			c.https()
		}
	}
	return n, err
}

// noResponse returns the fault of a sign-in whose response did not arrive in time.
func (l *listener) noResponse(wait time.Duration) error {
	f := &fault.Error{
		Kind: fault.SignIn,
		What: fmt.Sprintf("the sign-in was not finished in the browser within %s", wait),
		Fix:  "run the command again",
		Next: fault.DoOpenPage,
	}
	if l.https.Load() {
		f.What += ": the browser used https for localhost, because another program on localhost " +
			"once told it to (HSTS)"
		f.Fix = "delete localhost from the HSTS list of the browser (in Chrome and Edge: " +
			"chrome://net-internals/#hsts), then run the command again"
		f.Next = fault.DoUseOtherBrowser
	}
	return f
}
