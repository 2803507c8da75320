package obo

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/reload"
)

// Credential is how the mid-tier proves itself to the tenant: a secret, a
// certificate, or a token of the platform that it runs on. One that stands in a
// file is read again when the file changes, and used from the next exchange on.
type Credential struct {
	get func() (confidential.Credential, int) // the number grows with each change
}

// Secret is the credential of a client secret that does not change.
func Secret(secret string) (Credential, error) {
	c, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		return Credential{}, &fault.Error{Kind: fault.Usage, What: "the client secret is empty", Fix: "give it in a file or in CLIENT_SECRET", Err: err}
	}
	return Credential{get: func() (confidential.Credential, int) { return c, 0 }}, nil
}

// SecretFile is the credential of a client secret in a file, which may end with
// a line feed.
func SecretFile(path string, log *slog.Logger) (Credential, error) {
	return fromFile("the client secret", path, log, func(raw []byte) (confidential.Credential, error) {
		return confidential.NewCredFromSecret(strings.TrimRight(string(raw), "\r\n"))
	})
}

// Certificate is the credential of a certificate with its RSA key, in a PEM file
// or a PFX (PKCS #12) one, which alone may have a password.
func Certificate(path, password string, log *slog.Logger) (Credential, error) {
	return fromFile("the client certificate", path, log, func(raw []byte) (confidential.Credential, error) {
		chain, key, err := certificates(raw, password)
		if err != nil {
			return confidential.Credential{}, err
		}
		c, err := confidential.NewCredFromCert(chain, key)
		if err == nil {
			err = timely(chain, key, time.Now())
		}
		return c, err
	})
}

// certificates reads the certificate with its chain, and the key.
func certificates(raw []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if block, _ := pem.Decode(raw); block != nil {
		return confidential.CertFromPEM(raw, "")
	}
	key, certificate, chain, err := pkcs12.DecodeChain(raw, password)
	if err != nil {
		return nil, nil, fmt.Errorf("read PFX: %w", err)
	}
	return append([]*x509.Certificate{certificate}, chain...), key, nil
}

// timely refuses a certificate that the tenant would refuse: the one of the key,
// not those that vouch for it.
func timely(chain []*x509.Certificate, key crypto.PrivateKey, now time.Time) error {
	own, _ := key.(*rsa.PrivateKey)
	for _, c := range chain {
		switch {
		case own == nil || !own.PublicKey.Equal(c.PublicKey):
		case now.After(c.NotAfter):
			return errors.New("it expired on " + c.NotAfter.Format(time.DateOnly))
		case now.Before(c.NotBefore):
			return errors.New("it is valid from " + c.NotBefore.Format(time.DateOnly) + " on")
		}
	}
	return nil
}

// FederatedToken is the credential of a workload identity: the platform writes a
// token of its own into the file and renews it, and the tenant trusts the
// platform (learn.microsoft.com, "Workload identity federation"). No secret is
// kept anywhere.
func FederatedToken(path string, log *slog.Logger) (Credential, error) {
	const dots = 2 // of a JWT, RFC 7519
	read := func(raw []byte) (string, error) {
		token := strings.TrimSpace(string(raw))
		if strings.Count(token, ".") != dots || strings.ContainsAny(token, " \t\r\n") {
			return "", errors.New("it holds no token")
		}
		return token, nil
	}
	token, err := readFile("the federated token", path, log, read)
	if err != nil {
		return Credential{}, err
	}
	c := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		now, _ := token.Get()
		return now, nil
	})
	return Credential{get: func() (confidential.Credential, int) { return c, 0 }}, nil
}

// fromFile makes a credential of what make finds in the file.
func fromFile(name, path string, log *slog.Logger, make func([]byte) (confidential.Credential, error)) (Credential, error) {
	v, err := readFile(name, path, log, make)
	if err != nil {
		return Credential{}, err
	}
	return Credential{get: v.Get}, nil
}

// readFile keeps what parse finds in the file. It fails with a Usage fault.
func readFile[T any](name, path string, log *slog.Logger, parse func([]byte) (T, error)) (*reload.Value[T], error) {
	v, err := reload.New(name, log, func() (T, error) {
		raw, err := os.ReadFile(path)
		if err != nil {
			var none T
			return none, err
		}
		return parse(raw)
	}, path)
	if err != nil {
		what := fmt.Sprintf("%s in %s cannot be used: %v", name, path, err)
		if errors.Is(err, fs.ErrNotExist) {
			what = fmt.Sprintf("the file of %s, %s, does not exist", name, path)
		}
		return nil, &fault.Error{Kind: fault.Usage, What: what, Fix: "correct the file, or the setting that names it", Err: err}
	}
	return v, nil
}
