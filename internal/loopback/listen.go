package loopback

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/profilectl/profilectl/internal/neterr"
)

// maxTries is the number of free ports to try until both address families have one.
const maxTries = 10

// Listen opens the same port on 127.0.0.1 and [::1], or on 127.0.0.1 only if the
// machine has no IPv6. Port 0 picks a port that is free on both. Clients differ in
// which address of localhost they try first, so if another process held one of the
// two, it would receive what is sent to localhost.
//
// The returned port is the one that was opened, or the one that could not be.
func Listen(ctx context.Context, port int) (listeners []net.Listener, opened int, err error) {
	config := net.ListenConfig{Control: exclusive}
	for try := 1; ; try++ {
		v4, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, port, err
		}
		opened = v4.Addr().(*net.TCPAddr).Port
		v6, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(opened)))
		switch {
		case err == nil:
			return []net.Listener{v4, v6}, opened, nil
		case neterr.IsNoAddress(err):
			return []net.Listener{v4}, opened, nil
		}
		err = errors.Join(err, v4.Close())
		if port != 0 || try == maxTries {
			return nil, opened, err
		}
	}
}
