// Package loopback connects a sandbox tenant to the machine that it runs on: with
// a certificate for localhost, listeners on both loopback addresses, and a
// directory that keeps the tenant between starts.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// ErrBusy reports that another process uses the port.
var ErrBusy = errors.New("the port is in use")

// portRetries limits the retries with another random port until one is free at
// both addresses.
const portRetries = 20

// Listen listens on one port of 127.0.0.1 and of [::1], because browsers try
// [::1] first. Port 0 chooses a port that is free at both addresses. If the
// machine has no IPv6, Listen uses 127.0.0.1 only. The error wraps ErrBusy if the
// port is in use.
func Listen(port int) (*Listener, error) {
	for retries := 0; ; retries++ {
		l, chosen, err := listen(port)
		if err == nil {
			return l, nil
		}
		if port != 0 || retries == portRetries || !errors.Is(err, errInUse) {
			if errors.Is(err, errInUse) {
				err = errors.Join(ErrBusy, err)
			}
			return nil, fmt.Errorf("listen on port %d: %w", chosen, err)
		}
	}
}

// ListenAt listens on one port of an IP address, which may be unspecified: 0.0.0.0
// or ::. Port 0 chooses a free port. The error wraps ErrBusy if the port is in use.
func ListenAt(ip netip.Addr, port int) (*Listener, error) {
	socket, err := listenTCP("tcp", ip.String(), port)
	if errors.Is(err, errInUse) {
		err = errors.Join(ErrBusy, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on port %d of %s: %w", port, ip, err)
	}
	return newListener(socket.Addr().(*net.TCPAddr).Port, socket), nil
}

// listen also returns the port that it chose, for error messages.
func listen(port int) (l *Listener, chosen int, err error) {
	v4, err := listenTCP("tcp4", "127.0.0.1", port)
	if err != nil {
		return nil, port, err
	}
	chosen = v4.Addr().(*net.TCPAddr).Port
	v6, err := listenTCP("tcp6", "::1", chosen)
	if errors.Is(err, errNoAddress) || errors.Is(err, errNoFamily) {
		return newListener(chosen, v4), chosen, nil
	}
	if err != nil {
		return nil, chosen, errors.Join(err, v4.Close())
	}
	return newListener(chosen, v4, v6), chosen, nil
}

func listenTCP(network, ip string, port int) (net.Listener, error) {
	address := net.JoinHostPort(ip, strconv.Itoa(port))
	return net.Listen(network, address) //nolint:noctx // an IP address needs no lookup
}

// Listener is a net.Listener that accepts the connections of one or two sockets.
type Listener struct {
	port    int
	sockets []net.Listener
	results chan acceptResult
	closed  chan struct{}
	once    sync.Once
}

type acceptResult struct {
	conn net.Conn
	err  error
}

func newListener(port int, sockets ...net.Listener) *Listener {
	l := &Listener{
		port:    port,
		sockets: sockets,
		results: make(chan acceptResult),
		closed:  make(chan struct{}),
	}
	for _, s := range sockets {
		go l.forward(s)
	}
	return l
}

// forward sends the connections of one socket to Accept until the socket is
// closed.
func (l *Listener) forward(s net.Listener) {
	for {
		conn, err := s.Accept()
		select {
		case l.results <- acceptResult{conn, err}:
		case <-l.closed:
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// Port returns the port of the sockets.
func (l *Listener) Port() int { return l.port }

// Accept returns the next connection of any socket.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case result := <-l.results:
		return result.conn, result.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close closes the sockets. It returns net.ErrClosed if they are closed already.
func (l *Listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		close(l.closed)
		err = nil
		for _, s := range l.sockets {
			err = errors.Join(err, s.Close())
		}
	})
	return err
}

// Addr returns the address of the first socket.
func (l *Listener) Addr() net.Addr { return l.sockets[0].Addr() }

var _ net.Listener = (*Listener)(nil)
