package playground

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// addresses are the origins of a playground's servers.
type addresses struct {
	api     string // over TLS
	plain   string // over plain HTTP, for this machine: the control API
	pages   string // one of the two
	control string // of the control API, for clients
	midTier string
	host    string // of the API, with its port
	remote  bool   // clients on other machines use them
}

// addresses returns the addresses of servers at the given ports.
func (o Options) addresses(ports loopback.Ports) addresses {
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	host := at(cmp.Or(o.Host, "localhost"), ports.API)
	a := addresses{
		api:     "https://" + host,
		plain:   "http://" + at("localhost", ports.Pages),
		midTier: "http://" + at("localhost", ports.MidTier),
		host:    host,
		remote:  o.Host != "",
	}
	a.pages, a.control = a.plain, a.plain+"/control"
	if o.HTTPS || a.remote {
		a.pages = a.api
	}
	if a.remote {
		a.control = a.api + "/control"
		a.midTier = "https://" + at(o.Host, ports.MidTier)
	}
	return a
}

// mapped makes a transport connect to server instead of the API's host, whose name
// this machine might not know.
func (a addresses) mapped(transport *http.Transport, server net.Addr) *http.Transport {
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == a.host {
			address = server.String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return transport
}

// isHostName reports whether a text has the form of a name in DNS, in lower case.
func isHostName(text string) bool {
	foreign := func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-", c) }
	return len(text) <= 253 && strings.Trim(text, ".-") == text && !strings.ContainsFunc(text, foreign)
}

// bind returns the address to listen on; it is not valid for loopback. Bind fails
// with a Usage fault if Bind or Host cannot be used.
func (o Options) bind() (ip netip.Addr, err error) {
	if o.Host != "" && !isHostName(o.Host) && net.ParseIP(o.Host) == nil {
		return ip, &fault.Error{
			Kind: fault.Usage,
			What: "invalid host name " + strconv.Quote(o.Host),
			Fix:  "use a name in lower case, such as idp.example, or an IP address, without a port",
		}
	}
	if o.Bind == "" {
		return ip, nil
	}
	ip, err = netip.ParseAddr(o.Bind)
	switch {
	case err != nil:
		return ip, &fault.Error{
			Kind: fault.Usage,
			What: strconv.Quote(o.Bind) + " is not an IP address",
			Fix:  "use an IP address to listen on, such as 0.0.0.0",
			Err:  err,
		}
	case !ip.IsUnspecified() && o.Host == "":
		return ip, &fault.Error{
			Kind: fault.Usage,
			What: "a sandbox on " + o.Bind + " alone cannot be reached as localhost",
			Fix:  "name the host by which clients reach it",
		}
	}
	return ip, nil
}
