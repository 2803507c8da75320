package sandbox

import (
	"crypto/rand"
	"crypto/x509"
	"slices"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

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
		for i := range a.Workloads {
			if w := &a.Workloads[i]; w.Issuer == issuer && w.Subject == subject {
				w.Key = string(publicKey)
				return
			}
		}
		w := directory.Workload{Issuer: issuer, Subject: subject, Key: string(publicKey)}
		w.Complete()
		a.Workloads = append(a.Workloads, w)
	})
}

// ReplaceSecret gives a confidential client a new secret, which replaces the old one,
// and returns the app with it.
func (t *Tenant) ReplaceSecret(clientID string) (control.App, error) {
	app := control.App{Secret: rand.Text()}
	err := t.changeApp(clientID, func(a *directory.App) {
		a.Secrets = []directory.Secret{{ID: directory.NewID(), Value: app.Secret}}
		app.ID, app.Name = a.ID, a.Name
	})
	return app, err
}

// SetPermissions replaces the scopes that an administrator has granted to an app.
func (t *Tenant) SetPermissions(clientID string, permissions ...string) error {
	return t.ChangeApp(clientID, control.AppChange{Permissions: append([]string{}, permissions...)})
}

// SetOptionalClaims sets which claims the access tokens for an API carry in
// addition to the usual ones, such as auth_time, acrs, idtyp or xms_cc.
func (t *Tenant) SetOptionalClaims(clientID string, names ...string) error {
	if err := checkOptionalClaims(names); err != nil {
		return err
	}
	return t.changeApp(clientID, func(a *directory.App) { a.OptionalClaims = names })
}

// SetIDTokenClaims sets which claims the ID tokens for a client carry in addition
// to the usual ones, such as login_hint or acrs.
func (t *Tenant) SetIDTokenClaims(clientID string, names ...string) error {
	if err := checkOptionalClaims(names); err != nil {
		return err
	}
	return t.directory.Update(func(d *directory.State) error {
		a, ok := d.AppByID(clientID)
		if !ok {
			return missingError("app " + clientID)
		}
		a.IDTokenClaims = names
		return nil
	})
}

func checkOptionalClaims(names []string) error {
	for _, name := range names {
		if !slices.Contains(sts.OptionalClaims(), name) {
			return missingError("optional claim " + name)
		}
	}
	return nil
}

func (t *Tenant) changeApp(clientID string, change func(*directory.App)) error {
	return t.directory.Update(func(d *directory.State) error {
		a, ok := d.AppByID(clientID)
		if !ok || a.Public() {
			return missingError("confidential client " + clientID)
		}
		change(a)
		return nil
	})
}
