package serve

import (
	"context"
	"net"
)

// notify tells systemd about the service's state (sd_notify(3)), if it asked:
// socket is the environment's NOTIFY_SOCKET. Nothing depends on whether it
// listens.
func notify(ctx context.Context, socket, state string) {
	if socket == "" {
		return
	}
	if socket[0] == '@' { // an abstract one
		socket = "\x00" + socket[1:]
	}
	c, err := new(net.Dialer).DialContext(ctx, "unixgram", socket)
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(state))
	_ = c.Close()
}
