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

// Credential authenticates the mid-tier to the tenant: a secret, a certificate,
// or a token of the platform that the mid-tier runs on. A credential in a file is
// read again when the file changes, and used from the next exchange on.
type Credential struct {
	get     func() (confidential.Credential, int) // the number grows with each change
	expires func() time.Time
	reload  func() (bool, error)
	err     func() error
}

// Expires returns when the client certificate expires, or the zero time if the
// credential is another one.
func (c Credential) Expires() time.Time { return c.expires() }

// Reload checks the file of the credential now. It reports whether the file holds a new
// credential, or why it cannot be used, in which case the old one stays in use.
func (c Credential) Reload() (changed bool, err error) { return c.reload() }

// Err returns why the file of the credential cannot be used since it changed last, or
// nil.
func (c Credential) Err() error { return c.err() }

// fixed returns a credential that does not change.
func fixed(c confidential.Credential) Credential {
	return Credential{
		get:     func() (confidential.Credential, int) { return c, 0 },
		expires: func() time.Time { return time.Time{} },
		reload:  func() (bool, error) { return false, nil },
		err:     func() error { return nil },
	}
}

// loaded is a credential with its expiry, which is zero if it is unknown.
type loaded struct {
	credential confidential.Credential
	expires    time.Time
}

// Secret returns the credential of a client secret that does not change. Line ends at
// its end and a byte-order mark are ignored. It fails with a Usage fault if the secret
// is empty.
func Secret(secret string, log *slog.Logger) (Credential, error) {
	c, err := confidential.NewCredFromSecret(trimSecret(secret, log))
	if err != nil {
		return Credential{}, &fault.Error{
			Kind: fault.Usage,
			What: "the client secret is empty",
			Fix:  "set client-secret or client-secret-file",
			Err:  err,
		}
	}
	return fixed(c), nil
}

// SecretFile returns the credential of a client secret in a file. Line ends at the end
// of the file and a byte-order mark are ignored. It fails with a Usage fault if the file cannot
// be used.
func SecretFile(path string, log *slog.Logger) (Credential, error) {
	return fromFile("the client secret", path, log, func(raw []byte) (loaded, error) {
		c, err := confidential.NewCredFromSecret(trimSecret(string(raw), log))
		return loaded{credential: c}, err
	})
}

// Certificate returns the credential of a certificate with its RSA key. The file
// is either PEM or PFX (PKCS #12); the password is used for PFX only. It fails
// with a Usage fault if the file cannot be used or the certificate is expired.
func Certificate(path, password string, log *slog.Logger) (Credential, error) {
	return fromFile("the client certificate", path, log, func(raw []byte) (loaded, error) {
		chain, key, err := certificates(raw, password)
		if err != nil {
			return loaded{}, err
		}
		c, err := confidential.NewCredFromCert(chain, key)
		if err != nil {
			return loaded{}, err
		}
		expires, err := checkValidity(chain, key, time.Now())
		return loaded{c, expires}, err
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

// checkValidity returns when the certificate that belongs to key expires, or an error
// if it is not valid at the given time. The tenant checks only that one, not its issuers.
func checkValidity(chain []*x509.Certificate, key crypto.PrivateKey, now time.Time) (expires time.Time, err error) {
	own, ok := key.(*rsa.PrivateKey)
	if !ok {
		return expires, nil
	}
	for _, c := range chain {
		switch {
		case !own.PublicKey.Equal(c.PublicKey):
			continue
		case now.After(c.NotAfter):
			return expires, errors.New("it expired on " + c.NotAfter.Format(time.DateOnly))
		case now.Before(c.NotBefore):
			return expires, errors.New("it is not valid before " + c.NotBefore.Format(time.DateOnly))
		}
		expires = c.NotAfter
	}
	return expires, nil
}

// FederatedToken returns the credential of a workload identity. The platform
// writes a token of its own to the file and renews it, and the tenant trusts the
// platform (learn.microsoft.com, "Workload identity federation"), so there is no
// secret to store. It fails with a Usage fault if the file holds no token.
func FederatedToken(path string, log *slog.Logger) (Credential, error) {
	const dots = 2 // of a JWT, RFC 7519
	parse := func(raw []byte) (string, error) {
		token := strings.TrimSpace(string(raw))
		if strings.Count(token, ".") != dots || strings.ContainsAny(token, " \t\r\n") {
			return "", errors.New("it holds no token")
		}
		return token, nil
	}
	token, err := readFile("the federated token", path, log, parse)
	if err != nil {
		return Credential{}, err
	}
	current := func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		text, _ := token.Get()
		return text, nil
	}
	c := fixed(confidential.NewCredFromAssertionCallback(current))
	c.reload, c.err = token.Reload, token.Err
	return c, nil
}

// fromFile returns the credential that parse finds in a file.
func fromFile(
	name, path string,
	log *slog.Logger,
	parse func([]byte) (loaded, error),
) (Credential, error) {
	v, err := readFile(name, path, log, parse)
	if err != nil {
		return Credential{}, err
	}
	return Credential{
		get: func() (confidential.Credential, int) {
			l, version := v.Get()
			return l.credential, version
		},
		expires: func() time.Time {
			l, _ := v.Get()
			return l.expires
		},
		reload: v.Reload,
		err:    v.Err,
	}, nil
}

// readFile returns what parse finds in a file, reloaded when the file changes. It
// fails with a Usage fault.
func readFile[T any](
	name, path string,
	log *slog.Logger,
	parse func([]byte) (T, error),
) (*reload.Value[T], error) {
	v, err := reload.New(name, log, func() (T, error) {
		raw, err := os.ReadFile(path)
		if err == nil {
			raw, err = decode(raw)
		}
		if err != nil {
			var none T
			return none, err
		}
		return parse(raw)
	}, path)
	if err != nil {
		what := fmt.Sprintf("%s in %s cannot be used: %v", name, path, err)
		if errors.Is(err, fs.ErrNotExist) {
			what = fmt.Sprintf("%s file %s does not exist", name, path)
		}
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: what,
			Fix:  "correct the file, or the setting that names it",
			Err:  err,
		}
	}
	return v, nil
}
