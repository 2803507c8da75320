package auth

import (
	"context"
	"fmt"
	"net"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/neterr"
)

// bind opens the port of the redirect URI on both addresses of localhost.
func bind(ctx context.Context, port int) (sockets []net.Listener, opened int, err error) {
	sockets, opened, err = loopback.Listen(ctx, port)
	if err != nil {
		return nil, opened, bindFault(opened, err)
	}
	return sockets, opened, nil
}

// CheckPort returns the fault of a sign-in that cannot open the port of the redirect URI, or
// nil. Port 0 is any free port.
func CheckPort(ctx context.Context, port int) error {
	sockets, _, err := bind(ctx, port)
	for _, s := range sockets {
		_ = s.Close() // nothing has connected
	}
	return err
}

// bindFault returns the fault of a port that cannot be opened.
func bindFault(port int, err error) error {
	f := &fault.Error{Kind: fault.Unavailable, Next: fault.DoMoveRedirect, Err: err}
	const firstFree = 1024 // on Unix, only root may open the ports below
	switch {
	case neterr.IsForbidden(err) && port < firstFree:
		f.Kind = fault.Usage
		f.What = fmt.Sprintf("this user may not open port %d, because it is below %d", port, firstFree)
	case neterr.IsForbidden(err):
		f.Kind = fault.Usage
		f.What = fmt.Sprintf("the system does not let this user open port %d", port)
	case neterr.IsInUse(err):
		f.What = fmt.Sprintf("port %d is in use, so the browser could not return to profilectl", port)
		f.Fix = "stop the program that uses it"
	default:
		const what = "port %d of localhost cannot be opened, so the browser could not return to profilectl"
		f.What = fmt.Sprintf(what, port)
	}
	return f
}
