package serve

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/reload"
)

// certificate is the certificate to serve with. Its files are read again when they
// change, so that a renewal needs no restart.
type certificate struct {
	*reload.Value[*tls.Certificate]
}

// forClient returns the current certificate (tls.Config.GetCertificate).
func (c *certificate) forClient(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, _ := c.Get()
	return pair, nil
}

// loadCertificate loads a pair of PEM files. It fails with a Usage fault if they cannot
// be used, or if the certificate is expired.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "only one of tls-cert and tls-key is configured",
			Fix:  "set both, or neither",
		}
	}
	value, err := reload.New("the certificate to serve with", log, func() (*tls.Certificate, error) {
		return readPair(certFile, keyFile, time.Now())
	}, certFile, keyFile)
	if err != nil {
		return nil, certificateFault(err)
	}
	return &certificate{value}, nil
}

// certificateExpires returns when the certificate to serve with expires, or the zero
// time without one.
func (s *Server) certificateExpires() time.Time {
	c := s.certificate.Load()
	if c == nil {
		return time.Time{}
	}
	pair, _ := c.Get()
	return pair.Leaf.NotAfter
}

// validityError says that a certificate is not valid at the current time.
type validityError string

// Error returns the reason (error).
func (e validityError) Error() string { return string(e) }

// readPair reads a certificate with its key that is valid at the given time.
func readPair(certFile, keyFile string, now time.Time) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return nil, validityError("it expired on " + leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return nil, validityError("it is not valid before " + leaf.NotBefore.Format(time.DateOnly))
	}
	return &pair, nil
}

// certificateFault returns the fault of a certificate that cannot be used.
func certificateFault(err error) *fault.Error {
	f := &fault.Error{
		Kind: fault.Usage,
		What: "the certificate to serve with cannot be used",
		Fix:  "check that tls-cert and tls-key are PEM files that belong together",
		Err:  err,
	}
	var validity validityError
	var path *fs.PathError
	switch {
	case errors.As(err, &validity):
		f.What += ": " + string(validity)
		f.Fix = "renew the certificate, and check the clock of this machine"
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		f.What += ": there is no file " + path.Path
		f.Fix = "correct tls-cert or tls-key"
	case errors.As(err, &path):
		f.What += ": " + path.Path + " cannot be read"
		f.Fix = "give this user permission to read the file"
	}
	return f
}
