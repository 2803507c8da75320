package sandbox

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// AddApp registers an app and returns it with its client id and, if it is a
// confidential client, its secret. It returns an error if a redirect URI, a scope
// or a permission is invalid.
func (t *Tenant) AddApp(a control.App) (control.App, error) {
	if a.ID == "" {
		a.ID = sts.NewID()
	}
	if a.AppIDURI == "" && len(a.Scopes) > 0 {
		a.AppIDURI = "api://" + a.ID
	}
	if !a.Public && a.Secret == "" && len(a.RedirectURIs)+len(a.Scopes) > 0 {
		a.Secret = rand.Text()
	}
	if err := checkApp(a); err != nil {
		return a, err
	}
	return a, t.directory.Update(func(d *directory.State) error {
		if _, taken := d.AppByURI(a.ID); taken {
			return fmt.Errorf("the sandbox already has an app %s", a.ID)
		}
		if _, taken := d.AppByURI(a.AppIDURI); taken && a.AppIDURI != "" {
			return fmt.Errorf("the sandbox already has an app with the App ID URI %s", a.AppIDURI)
		}
		consents, err := consents(d, a.Permissions)
		if err != nil {
			return err
		}
		d.Apps = append(d.Apps, directory.App{
			ID:              a.ID,
			Name:            a.Name,
			Public:          a.Public,
			RedirectURIs:    a.RedirectURIs,
			SPARedirectURIs: a.SPARedirectURIs,
			Secret:          a.Secret,
			AppIDURI:        a.AppIDURI,
			Scopes:          a.Scopes,
			TokenVersion:    a.TokenVersion,
			Consents:        consents,
		})
		return nil
	})
}

func checkApp(a control.App) error {
	switch {
	case a.Name == "":
		return errors.New("an app needs a name")
	case len(a.RedirectURIs)+len(a.SPARedirectURIs)+len(a.Scopes) == 0:
		return errors.New("an app needs a redirect URI or a scope")
	case a.TokenVersion < 0 || a.TokenVersion > 2:
		return errors.New("the token version must be 1 or 2")
	case a.AppIDURI != "" && !strings.Contains(a.AppIDURI, "://"):
		return fmt.Errorf("the App ID URI %q is not a URI", a.AppIDURI)
	}
	for _, uri := range slices.Concat(a.RedirectURIs, a.SPARedirectURIs) {
		if !registrable(uri) {
			return fmt.Errorf("the redirect URI %q is neither https nor http://localhost", uri)
		}
	}
	for _, scope := range a.Scopes {
		if scope == "" || strings.ContainsAny(scope, "/ ") {
			return fmt.Errorf("the scope %q must be a name without spaces and slashes", scope)
		}
	}
	return nil
}

// registrable reports whether Entra accepts uri as the redirect URI of an app.
func registrable(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && u.Hostname() == "localhost"
}

// consents returns the consents for permissions, or those of the how-to's web app
// if permissions is nil.
func consents(d *directory.State, permissions []string) (map[string][]string, error) {
	if permissions == nil {
		return clientConsents(d.MidTier), nil
	}
	all := map[string][]string{}
	for _, permission := range permissions {
		api, scope, ok := sts.FindScope(d, permission)
		if !ok {
			return nil, missingError("permission " + permission)
		}
		all[api.ID] = append(all[api.ID], scope)
	}
	return all, nil
}

func (t *Tenant) apps() []control.App {
	all := []control.App{}
	t.directory.View(func(d *directory.State) {
		for _, a := range d.Apps {
			all = append(all, control.App{
				ID:              a.ID,
				Name:            a.Name,
				Public:          a.Public,
				RedirectURIs:    a.RedirectURIs,
				SPARedirectURIs: a.SPARedirectURIs,
				AppIDURI:        a.AppIDURI,
				Scopes:          a.Scopes,
				TokenVersion:    a.TokenVersion,
				Permissions:     permissions(d, a),
			})
		}
	})
	return all
}

// permissions returns the scopes that an administrator has granted to an app.
func permissions(d *directory.State, a directory.App) []string {
	all := []string{}
	for _, id := range slices.Sorted(maps.Keys(a.Consents)) {
		for _, scope := range a.Consents[id] {
			all = append(all, scopeURI(d, id, scope))
		}
	}
	return all
}

// scopeURI returns the full name of a scope of an API. Scopes of Microsoft Graph
// have no prefix.
func scopeURI(d *directory.State, apiID, scope string) string {
	if apiID == sts.GraphID {
		return scope
	}
	if api, ok := d.AppByID(apiID); ok && api.AppIDURI != "" {
		return api.AppIDURI + "/" + scope
	}
	return apiID + "/" + scope
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

// ReplaceSecret gives a confidential client a new secret, which replaces the old one,
// and returns the app with it.
func (t *Tenant) ReplaceSecret(clientID string) (control.App, error) {
	app := control.App{Secret: rand.Text()}
	err := t.changeApp(clientID, func(a *directory.App) {
		a.Secret = app.Secret
		app.ID, app.Name = a.ID, a.Name
	})
	return app, err
}

// SetPermissions replaces the scopes that an administrator has granted to an app.
func (t *Tenant) SetPermissions(clientID string, permissions ...string) error {
	return t.directory.Update(func(d *directory.State) error {
		a, ok := d.AppByID(clientID)
		if !ok {
			return missingError("app " + clientID)
		}
		granted, err := consents(d, append([]string{}, permissions...))
		if err == nil {
			a.Consents = granted
		}
		return err
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
