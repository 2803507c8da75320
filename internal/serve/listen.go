package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/reload"
)

// Listeners are where a Server serves. Run closes them.
type Listeners struct {
	Public net.Listener // for clients
	Admin  net.Listener // for health checks and metrics
	URL    string       // of the public one, without a path
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
		config = &tls.Config{
			GetCertificate: certificate,
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
		}
	}
	public, err := listen(ctx, "listen", l.Public)
	if err != nil {
		return Listeners{}, err
	}
	address := "http://" + public.Addr().String()
	if secure {
		public, address = tls.NewListener(public, config), "https://"+public.Addr().String()
	}
	admin, err := listen(ctx, "admin-listen", l.Admin)
	if err != nil {
		return Listeners{}, errors.Join(err, public.Close())
	}
	return Listeners{Public: public, Admin: admin, URL: address}, nil
}

// listen opens the listener of one setting.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &fault.Error{
			Kind:    fault.Usage,
			What:    "cannot listen on " + address,
			Fix:     "stop the program that uses the port, or choose another port",
			Setting: setting,
			Err:     err,
		}
	}
	return l, nil
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

// loadCertificate returns a tls.Config.GetCertificate for a pair of PEM files. The
// files are read again when they change, so that a renewal needs no restart. It
// fails with a Usage fault if they cannot be used.
func loadCertificate(
	certFile, keyFile string,
	log *slog.Logger,
) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	value, err := reload.New("the certificate to serve with", log, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &pair, err
	}, certFile, keyFile)
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the certificate to serve with cannot be used",
			Fix:  "check that tls-cert and tls-key are PEM files that belong together",
			Err:  err,
		}
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, _ := value.Get()
		return pair, nil
	}, nil
}
