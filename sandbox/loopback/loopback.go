// Package loopback gives a sandbox tenant its surroundings on this machine:
// a certificate for localhost, listeners on both loopback addresses, and a
// folder that keeps the tenant between starts.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// ErrBusy says that somebody else has the port.
var ErrBusy = errors.New("the port is taken")

// portTries is how many random ports are tried until both addresses are free.
const portTries = 20

// Listen opens one port on 127.0.0.1 and on [::1]: browsers try the second
// first. Port 0 picks one that is free on both. A machine without IPv6 gets
// IPv4 alone.
func Listen(port int) (*Listener, error) {
	for try := 0; ; try++ {
		l, chosen, err := listen(port)
		if err == nil {
			return l, nil
		}
		if port != 0 || try == portTries || !errors.Is(err, syscall.EADDRINUSE) {
			if errors.Is(err, syscall.EADDRINUSE) {
				err = errors.Join(ErrBusy, err)
			}
			return nil, fmt.Errorf("listen on port %d: %w", chosen, err)
		}
	}
}

func listen(port int) (*Listener, int, error) {
	v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // an address needs no lookup
	if err != nil {
		return nil, port, err
	}
	chosen := v4.Addr().(*net.TCPAddr).Port
	v6, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(chosen))) //nolint:noctx // an address needs no lookup
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
		return join(chosen, v4), chosen, nil
	}
	if err != nil {
		return nil, chosen, errors.Join(err, v4.Close())
	}
	return join(chosen, v4, v6), chosen, nil
}

// Listener is both sockets as one net.Listener.
type Listener struct {
	port    int
	sockets []net.Listener
	accepts chan accepted
	closed  chan struct{}
	once    sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

func join(port int, sockets ...net.Listener) *Listener {
	l := &Listener{port: port, sockets: sockets, accepts: make(chan accepted), closed: make(chan struct{})}
	for _, s := range sockets {
		go l.pump(s)
	}
	return l
}

func (l *Listener) pump(s net.Listener) {
	for {
		conn, err := s.Accept()
		select {
		case l.accepts <- accepted{conn, err}:
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

// Port returns the port of both sockets.
func (l *Listener) Port() int { return l.port }

// Accept returns the next connection of either socket.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepts:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close closes both sockets.
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

// Addr returns the IPv4 socket's address.
func (l *Listener) Addr() net.Addr { return l.sockets[0].Addr() }

var _ net.Listener = (*Listener)(nil)
