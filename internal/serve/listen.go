package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/neterr"
)

// Listeners are where a Server serves. Run closes them. An address whose host is
// localhost has two listeners: one for 127.0.0.1 and one for [::1].
type Listeners struct {
	Public []net.Listener // for clients
	Admin  []net.Listener // for health checks and metrics
	URL    string         // of the public ones, without a path
}

// Listen opens the listeners that the settings name. It fails with a Usage fault
// if an address or the certificate cannot be used, or if tokens would cross the
// network unencrypted.
func (s *Server) Listen(ctx context.Context) (Listeners, error) {
	l := s.settings.Listen
	secure := l.Certificate != "" || l.Key != ""
	if err := checkAddress(l.Public, l.Certificate != "", l.BehindProxy); err != nil {
		return Listeners{}, err
	}
	var config *tls.Config
	if secure {
		certificate, err := loadCertificate(l.Certificate, l.Key, s.log)
		if err != nil {
			return Listeners{}, err
		}
		s.certificate.Store(certificate)
		config = &tls.Config{
			GetCertificate: certificate.forClient,
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
		}
	}
	public, address, err := listen(ctx, "listen", l.Public)
	if err != nil {
		return Listeners{}, err
	}
	scheme := "http"
	if secure {
		scheme = "https"
		for i, socket := range public {
			public[i] = tls.NewListener(socket, config)
		}
	}
	admin, _, err := listen(ctx, "admin-listen", l.Admin)
	if err != nil {
		return Listeners{}, errors.Join(err, closeAll(public))
	}
	return Listeners{Public: public, Admin: admin, URL: scheme + "://" + address}, nil
}

// listen opens the listeners of one setting and returns the address that clients use.
// For localhost it opens both loopback addresses. Otherwise another user of this
// machine could listen on the one that is left, and receive tokens: clients differ in
// which of them they try first.
func listen(ctx context.Context, setting, address string) (listeners []net.Listener, opened string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", listenFault(setting, address, err)
	}
	if strings.EqualFold(host, "localhost") {
		number, err := new(net.Resolver).LookupPort(ctx, "tcp", port)
		if err != nil {
			return nil, "", listenFault(setting, address, err)
		}
		listeners, number, err = loopback.Listen(ctx, number)
		if err != nil {
			return nil, "", listenFault(setting, address, err)
		}
		return listeners, net.JoinHostPort("localhost", strconv.Itoa(number)), nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, "", listenFault(setting, address, err)
	}
	return []net.Listener{l}, l.Addr().String(), nil
}

// listenFault returns the fault of an address that cannot be opened.
func listenFault(setting, address string, err error) error {
	f := &fault.Error{
		Kind:    fault.Usage,
		What:    "cannot listen on " + address,
		Fix:     "choose another address",
		Setting: setting,
		Err:     err,
	}
	switch {
	case neterr.IsForbidden(err):
		f.What += ": this user may not open the port"
		f.Fix = "give the mid-tier the capability CAP_NET_BIND_SERVICE, or choose a port above 1023"
	case neterr.IsNoAddress(err):
		f.What += ": this machine does not have the address"
		f.Fix = "choose an address of this machine"
	case neterr.IsInUse(err):
		f.What += ": another program uses the port"
		f.Fix = "stop the program that uses the port, or choose another port"
	}
	return f
}

// closeAll closes listeners that are not served after all.
func closeAll(listeners []net.Listener) error {
	var err error
	for _, l := range listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// checkAddress rejects plain HTTP on an address that other machines can reach:
// tokens would cross the network unencrypted.
func checkAddress(address string, secure, behindProxy bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("%q is not an address to listen on", address),
			Fix:  "write host:port, such as localhost:3001",
			Err:  err,
		}
	}
	if secure || behindProxy || loopback.IsHost(host) {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "tokens would cross the network unencrypted: " + address +
			" is not a loopback address, and there is no certificate",
		Fix: "set tls-cert and tls-key, or behind-proxy if a proxy terminates TLS",
	}
}
