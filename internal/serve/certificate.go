package serve

import (
	"crypto/tls"
	"log/slog"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/reload"
)

// LoadCertificate returns the certificate to serve with (for
// tls.Config.GetCertificate), from a pair of PEM files. When they change it is
// read again, so that a renewal needs no restart. It fails with a Usage fault
// where they cannot be used.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	value, err := reload.New("the certificate to serve with", log, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &pair, err
	}, certFile, keyFile)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: "the certificate to serve with cannot be used", Fix: "check tls-cert and tls-key: PEM files that belong together", Err: err}
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, _ := value.Get()
		return pair, nil
	}, nil
}
