package sandbox

import (
	"crypto/x509"
	"fmt"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// addApp registers a client with the consents that the how-to's web app has.
func (t *Tenant) addApp(a control.App) error {
	return t.directory.Update(func(d *directory.State) error {
		if _, taken := d.AppByID(a.ID); taken {
			return fmt.Errorf("the sandbox already has an app %s", a.ID)
		}
		d.Apps = append(d.Apps, directory.App{
			ID:           a.ID,
			Name:         a.Name,
			Public:       a.Public,
			RedirectURIs: a.RedirectURIs,
			Secret:       a.Secret,
			Consents:     clientConsents(d.Policy.Resource),
		})
		return nil
	})
}

func (t *Tenant) apps() []control.App {
	all := []control.App{}
	t.directory.View(func(d *directory.State) {
		for _, a := range d.Apps {
			all = append(all, control.App{
				ID:           a.ID,
				Name:         a.Name,
				Public:       a.Public,
				RedirectURIs: a.RedirectURIs,
			})
		}
	})
	return all
}

// AddCertificate registers a certificate of a confidential client, which then
// may sign its client assertions with the certificate's key.
func (t *Tenant) AddCertificate(clientID string, certificate *x509.Certificate) error {
	return t.changeApp(clientID, func(a *directory.App) { sts.Register(a, certificate) })
}

// TrustWorkload registers a federated credential: a confidential client then may
// authenticate with tokens that a platform issues for subject. Entra fetches the
// platform's keys from the issuer; here the caller passes the public key (PKIX,
// in PEM).
func (t *Tenant) TrustWorkload(clientID, issuer, subject string, publicKey []byte) error {
	return t.changeApp(clientID, func(a *directory.App) {
		a.Workloads = append(a.Workloads, directory.Workload{
			Issuer:  issuer,
			Subject: subject,
			Key:     string(publicKey),
		})
	})
}

// SetOptionalClaims sets which claims the access tokens for an API carry in
// addition to the usual ones. The sandbox has one optional claim, auth_time.
func (t *Tenant) SetOptionalClaims(clientID string, names ...string) error {
	for _, name := range names {
		if name != sts.AuthTime {
			return missingError("optional claim " + name)
		}
	}
	return t.changeApp(clientID, func(a *directory.App) { a.OptionalClaims = names })
}

func (t *Tenant) changeApp(clientID string, change func(*directory.App)) error {
	return t.directory.Update(func(d *directory.State) error {
		a, ok := d.AppByID(clientID)
		if !ok || a.Public {
			return missingError("confidential client " + clientID)
		}
		change(a)
		return nil
	})
}
