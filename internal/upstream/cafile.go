package upstream

import (
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/profilectl/profilectl/internal/fault"
)

// readCAFile returns the content of a PEM file that holds at least one certificate,
// or nil if the name is empty.
func readCAFile(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	unusable := func(what string, err error) *fault.Error {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the CA file " + file + " " + what,
			Fix:  "set ca-file to a PEM file with the CA's certificate, or unset it",
			Err:  err,
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, unusable("cannot be read", err)
	}
	if x509.NewCertPool().AppendCertsFromPEM(content) {
		return content, nil
	}
	unread := unreadIn(content)
	switch {
	case unread == nil:
		return nil, unusable("contains no certificate", nil)
	case isNegativeSerial(unread):
		f := unusable("contains a certificate with a negative serial number, which RFC 5280 forbids", unread)
		f.Fix = "ask the operator of the CA for a new certificate; " + acceptNegative
		return nil, f
	}
	return nil, unusable("contains a certificate that cannot be read", unread)
}

// unreadIn returns why a certificate of a PEM file cannot be read, or nil if all can.
func unreadIn(content []byte) error {
	for {
		var block *pem.Block
		block, content = pem.Decode(content)
		if block == nil {
			return nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
	}
}

// unreadError is joined with the error of a server whose CA is not trusted: the CA may
// be the one that could not be read.
type unreadError struct {
	file string
	err  error
}

// Error returns the file and why a certificate of it was left out.
func (u *unreadError) Error() string { return u.file + ": " + u.err.Error() }

// Unwrap returns why the certificate was left out.
func (u *unreadError) Unwrap() error { return u.err }
