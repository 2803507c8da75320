package serve

import (
	"context"
	"net"
)

// notify sends systemd the state of the service (sd_notify(3)). socket is the
// value of NOTIFY_SOCKET; if it is empty, notify does nothing. Errors are ignored:
// the service works without systemd.
func notify(ctx context.Context, socket, state string) {
	if socket == "" {
		return
	}
	if socket[0] == '@' { // an abstract socket
		socket = "\x00" + socket[1:]
	}
	c, err := new(net.Dialer).DialContext(ctx, "unixgram", socket)
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(state))
	_ = c.Close()
}
