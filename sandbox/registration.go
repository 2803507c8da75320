package sandbox

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// AddCertificate registers a certificate of a confidential client, which then
// may sign its client assertions with the certificate's key.
func (t *Tenant) AddCertificate(clientID string, certificate *x509.Certificate) error {
	return t.changeApp(clientID, func(a *directory.App) { sts.Register(a, certificate) })
}

// TrustWorkload lets a confidential client prove itself with tokens that a
// platform issued for subject: a federated credential. Entra fetches the
// platform's keys from the issuer; here the public key (PKIX, in PEM) is given.
func (t *Tenant) TrustWorkload(clientID, issuer, subject string, publicKey []byte) error {
	return t.changeApp(clientID, func(a *directory.App) {
		a.Workloads = append(a.Workloads, directory.Workload{Issuer: issuer, Subject: subject, Key: string(publicKey)})
	})
}

// SetOptionalClaims says which claims the access tokens for an API carry beside
// the usual ones; auth_time is the only one known.
func (t *Tenant) SetOptionalClaims(clientID string, names ...string) error {
	for _, name := range names {
		if name != sts.AuthTime {
			return fmt.Errorf("%w as the optional claim %s", errUnknown, name)
		}
	}
	return t.changeApp(clientID, func(a *directory.App) { a.OptionalClaims = names })
}

func (t *Tenant) changeApp(clientID string, change func(*directory.App)) error {
	return t.directory.Update(func(d *directory.State) error {
		a, ok := d.AppByID(clientID)
		if !ok || a.Public {
			return fmt.Errorf("%w as the confidential client %s", errUnknown, clientID)
		}
		change(a)
		return nil
	})
}

// setOptionalClaims takes their names by HTTP.
func (t *Tenant) setOptionalClaims(r *http.Request) (any, error) {
	var names []string
	if err := decode(r, &names); err != nil {
		return nil, err
	}
	return nil, t.SetOptionalClaims(r.PathValue("id"), names...)
}

// addCredential takes either kind by HTTP.
func (t *Tenant) addCredential(r *http.Request) (any, error) {
	var c control.Credential
	if err := decode(r, &c); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(c.Certificate + c.Key))
	switch {
	case block != nil && c.Certificate != "" && block.Type == "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return nil, t.AddCertificate(r.PathValue("id"), certificate)
	case block != nil && c.Issuer != "" && c.Subject != "" && block.Type == "PUBLIC KEY":
		return nil, t.TrustWorkload(r.PathValue("id"), c.Issuer, c.Subject, []byte(c.Key))
	}
	return nil, errors.New("give either a certificate in PEM, or issuer, subject and the issuer's public key in PEM")
}
