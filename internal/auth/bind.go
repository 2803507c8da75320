package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/profilectl/profilectl/internal/fault"
)

// maxTries is the number of free ports to try until both address families have one.
const maxTries = 10

// bind opens the same port on 127.0.0.1 and [::1], or on 127.0.0.1 only if the
// machine has no IPv6.
func bind(ctx context.Context, port int) ([]net.Listener, error) {
	config := net.ListenConfig{Control: exclusive}
	for try := 0; ; try++ {
		v4, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, bindFault(port, err)
		}
		chosen := portOf(v4)
		v6, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(chosen)))
		switch {
		case err == nil:
			return []net.Listener{v4, v6}, nil
		case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
			return []net.Listener{v4}, nil
		}
		err = errors.Join(err, v4.Close())
		if port != 0 || try == maxTries {
			return nil, bindFault(chosen, err)
		}
	}
}

// portOf returns the port of a TCP listener.
func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// bindFault returns the fault of a port that cannot be opened.
func bindFault(port int, err error) error {
	if errors.Is(err, syscall.EACCES) {
		return &fault.Error{
			Kind:    fault.Usage,
			What:    fmt.Sprintf("this user may not open port %d", port),
			Fix:     "choose a redirect-port above 1023",
			Setting: "redirect-port",
			Err:     err,
		}
	}
	return &fault.Error{
		Kind:    fault.Unavailable,
		What:    fmt.Sprintf("port %d is in use, so the browser could not return to profilectl", port),
		Fix:     "stop the program that uses it, or choose another redirect-port",
		Setting: "redirect-port",
		Err:     err,
	}
}
