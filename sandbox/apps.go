package sandbox

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// AddApp registers an app and returns it with its client id and, if it is a
// confidential client, its secret. It returns an error if a redirect URI, a scope
// or a permission is invalid.
func (t *Tenant) AddApp(a control.App) (control.App, error) {
	a = withDefaults(a)
	return a, t.directory.Update(func(d *directory.State) error {
		if err := checkUsable(a); err != nil {
			return err
		}
		if err := insertApp(d, a, directory.App{}); err != nil {
			return err
		}
		if err := grant(d, a.ID, a.Permissions); err != nil {
			return err
		}
		return grantRoles(d, a.ID, a.AppRoles, t.now())
	})
}

// withDefaults returns an app with what the tenant assigns.
func withDefaults(a control.App) control.App {
	if a.ID == "" {
		a.ID = directory.NewID()
	}
	if a.AppIDURI == "" && len(a.Scopes) > 0 {
		a.AppIDURI = "api://" + a.ID
	}
	if !a.Public && a.Secret == "" && len(a.RedirectURIs)+len(a.Scopes)+len(a.AppRoles) > 0 {
		a.Secret = rand.Text()
	}
	return a
}

// insertApp adds an app without consents. The app has the further properties of base, which
// is the zero value if it has none.
func insertApp(d *directory.State, a control.App, base directory.App) error {
	if _, taken := d.AppByURI(a.ID); taken {
		return invalid("id", "the sandbox already has an app %s", a.ID)
	}
	if base.ObjectID == "" {
		base = directory.App{ID: a.ID, FallbackPublic: a.Public}
		base.Complete()
		if len(d.Flows) > 0 { // so that customers can sign up with the app
			d.Flows[0].Apps = append(d.Flows[0].Apps, a.ID)
		}
	}
	if a.Secret != base.Secret() {
		base.Secrets = nil
		if a.Secret != "" {
			base.Secrets = []directory.Secret{{ID: directory.NewID(), Value: a.Secret}}
		}
	}
	d.Apps = append(d.Apps, base)
	return setApp(d, &d.Apps[len(d.Apps)-1], a)
}

// setApp gives a registered app the properties that can change.
func setApp(d *directory.State, app *directory.App, a control.App) error {
	if err := checkApp(a); err != nil {
		return err
	}
	other, taken := d.AppByURI(a.AppIDURI)
	if taken && a.AppIDURI != "" && other.ID != app.ID {
		return invalid("appIdUri", "the sandbox already has an app with the App ID URI %s", a.AppIDURI)
	}
	app.Name = a.Name
	app.SPARedirectURIs, app.LogoutURL, app.TokenVersion = a.SPARedirectURIs, a.LogoutURL, a.TokenVersion
	if !slices.Equal(a.RedirectURIs, app.AllRedirectURIs()) {
		app.SetRedirectURIs(app.Public(), a.RedirectURIs)
	}
	app.SetScopes(a.Scopes)
	if a.AppIDURI != app.AppIDURI() {
		app.IdentifierURIs = nil
		if a.AppIDURI != "" {
			app.IdentifierURIs = []string{a.AppIDURI}
		}
	}
	return nil
}

// grant sets the permissions of an app. Nil grants those of the how-to's web app.
func grant(d *directory.State, id string, permissions []string) error {
	app, ok := d.AppByID(id)
	if !ok {
		return missingError("app " + id)
	}
	if permissions == nil {
		app.SetConsents(clientConsents(d))
		return nil
	}
	consents := map[string][]string{}
	for i, permission := range permissions {
		api, scope, ok := sts.FindScope(d, permission)
		if !ok {
			return invalidItem("permissions", i, "the sandbox has no permission %s", permission)
		}
		if !slices.Contains(consents[api.ID], scope) {
			consents[api.ID] = append(consents[api.ID], scope)
		}
	}
	app.SetConsents(consents)
	return nil
}

// ChangeApp changes an app registration. The App ID URI and the scopes of the mid-tier
// stay, because the tenant's own clients use them. Consents and policies for scopes
// that the app loses are removed.
func (t *Tenant) ChangeApp(id string, change control.AppChange) error {
	return t.directory.Update(func(d *directory.State) error {
		app, ok := d.AppByID(id)
		if !ok {
			return missingError("app " + id)
		}
		if strings.EqualFold(id, d.MidTier) && (change.AppIDURI != nil || change.Scopes != nil) {
			return errors.New("the mid-tier's App ID URI and scopes cannot be changed")
		}
		changed := change.Apply(appOf(d, *app))
		if err := checkUsable(changed); err != nil && change.AppRoles == nil { // permissions can be revoked
			return err
		}
		if err := setApp(d, app, changed); err != nil {
			return err
		}
		if change.Permissions != nil {
			if err := grant(d, id, change.Permissions); err != nil {
				return err
			}
		}
		if change.AppRoles != nil {
			if err := grantRoles(d, id, change.AppRoles, t.now()); err != nil {
				return err
			}
		}
		d.Prune()
		return nil
	})
}

// grantRoles sets the application permissions of Microsoft Graph that an app was granted. Nil
// leaves them.
func grantRoles(d *directory.State, id string, names []string, now time.Time) error {
	app, ok := d.AppByID(id)
	if !ok {
		return missingError("app " + id)
	}
	if names == nil {
		return nil
	}
	app.Complete()
	granted := []directory.Role{}
	for i, name := range names {
		all := directory.AppRoles(directory.GraphID)
		known := slices.IndexFunc(all, func(r directory.AppRole) bool { return strings.EqualFold(r.Value, name) })
		if known < 0 {
			return invalidItem("appRoles", i, "the sandbox has no application permission %s", name)
		}
		role := directory.Role{API: directory.GraphID, RoleID: all[known].ID, Created: now}
		held := slices.IndexFunc(app.Principal.Roles, func(r directory.Role) bool { return r.RoleID == role.RoleID })
		if held >= 0 {
			role = app.Principal.Roles[held]
		}
		role.ID = cmp.Or(role.ID, directory.NewConsentID())
		granted = append(granted, role)
	}
	app.Principal.Roles = granted
	return nil
}

// RemoveApp removes an app registration, with the consents and policies for it. The
// apps that Facts names cannot be removed.
func (t *Tenant) RemoveApp(id string) error {
	f := t.Facts()
	return t.directory.Update(func(d *directory.State) error {
		app, ok := d.AppByID(id)
		if !ok {
			return missingError("app " + id)
		}
		if slices.Contains([]string{f.ClientID, f.WebClientID, f.MidTierID, f.AttributesID}, app.ID) {
			return fmt.Errorf("the app %s belongs to the sandbox and cannot be removed", app.Name)
		}
		d.RemoveApp(app.ID)
		d.Prune()
		return nil
	})
}

func (t *Tenant) apps() []control.App {
	all := []control.App{}
	t.directory.View(func(d *directory.State) {
		for _, a := range d.Apps {
			all = append(all, appOf(d, a))
		}
	})
	return all
}

// appOf returns an app without its secret.
func appOf(d *directory.State, a directory.App) control.App {
	return control.App{
		ID:              a.ID,
		Name:            a.Name,
		Public:          a.Public(),
		RedirectURIs:    a.AllRedirectURIs(),
		SPARedirectURIs: a.SPARedirectURIs,
		LogoutURL:       a.LogoutURL,
		AppIDURI:        a.AppIDURI(),
		Scopes:          a.ScopeNames(),
		TokenVersion:    a.TokenVersion,
		Permissions:     permissions(d, a),
		AppRoles:        a.RoleNames(directory.GraphID),
	}
}

// permissions returns the scopes that an administrator has granted to an app.
func permissions(d *directory.State, a directory.App) []string {
	all := []string{}
	if a.Principal == nil {
		return all
	}
	for _, c := range a.Principal.Consents {
		if c.User != "" {
			continue
		}
		for _, scope := range c.Scopes {
			all = append(all, scopeURI(d, c.API, scope))
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
	if api, ok := d.AppByID(apiID); ok && api.AppIDURI() != "" {
		return api.AppIDURI() + "/" + scope
	}
	return apiID + "/" + scope
}
