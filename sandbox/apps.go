package sandbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
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
	a = withDefaults(a)
	return a, t.directory.Update(func(d *directory.State) error {
		if err := insertApp(d, a); err != nil {
			return err
		}
		return grant(d, a.ID, a.Permissions)
	})
}

// withDefaults returns an app with what the tenant assigns.
func withDefaults(a control.App) control.App {
	if a.ID == "" {
		a.ID = sts.NewID()
	}
	if a.AppIDURI == "" && len(a.Scopes) > 0 {
		a.AppIDURI = "api://" + a.ID
	}
	if !a.Public && a.Secret == "" && len(a.RedirectURIs)+len(a.Scopes) > 0 {
		a.Secret = rand.Text()
	}
	return a
}

// insertApp adds an app without consents.
func insertApp(d *directory.State, a control.App) error {
	if _, taken := d.AppByURI(a.ID); taken {
		return invalid("id", "the sandbox already has an app %s", a.ID)
	}
	d.Apps = append(d.Apps, directory.App{ID: a.ID, Public: a.Public, Secret: a.Secret})
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
	app.RedirectURIs, app.SPARedirectURIs, app.LogoutURL = a.RedirectURIs, a.SPARedirectURIs, a.LogoutURL
	app.AppIDURI, app.Scopes, app.TokenVersion = a.AppIDURI, a.Scopes, a.TokenVersion
	return nil
}

// grant sets the permissions of an app. Nil grants those of the how-to's web app.
func grant(d *directory.State, id string, permissions []string) error {
	app, ok := d.AppByID(id)
	if !ok {
		return missingError("app " + id)
	}
	if permissions == nil {
		app.Consents = clientConsents(d.MidTier)
		return nil
	}
	app.Consents = map[string][]string{}
	for i, permission := range permissions {
		api, scope, ok := sts.FindScope(d, permission)
		if !ok {
			return invalidItem("permissions", i, "the sandbox has no permission %s", permission)
		}
		if !app.HasConsent(api.ID, scope) {
			app.Consents[api.ID] = append(app.Consents[api.ID], scope)
		}
	}
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
		if err := setApp(d, app, change.Apply(appOf(d, *app))); err != nil {
			return err
		}
		if change.Permissions != nil {
			if err := grant(d, id, change.Permissions); err != nil {
				return err
			}
		}
		prune(d)
		return nil
	})
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
		if slices.Contains([]string{f.ClientID, f.WebClientID, f.MidTierID}, app.ID) {
			return fmt.Errorf("the app %s belongs to the sandbox and cannot be removed", app.Name)
		}
		removed := app.ID
		d.Apps = slices.DeleteFunc(d.Apps, func(a directory.App) bool { return a.ID == removed })
		prune(d)
		return nil
	})
}

// prune removes the consents and the targets of policies that no longer exist, and
// policies without a target.
func prune(d *directory.State) {
	exposes := func(apiID, scope string) bool {
		if apiID == sts.GraphID {
			return true
		}
		api, ok := d.AppByID(apiID)
		return ok && slices.Contains(api.Scopes, scope)
	}
	for i := range d.Apps {
		for apiID, scopes := range d.Apps[i].Consents {
			left := slices.DeleteFunc(scopes, func(scope string) bool { return !exposes(apiID, scope) })
			if d.Apps[i].Consents[apiID] = left; len(left) == 0 {
				delete(d.Apps[i].Consents, apiID)
			}
		}
	}
	for i := range d.Policies {
		d.Policies[i].APIs = slices.DeleteFunc(d.Policies[i].APIs, func(id string) bool {
			api, ok := d.AppByID(id)
			return !ok || len(api.Scopes) == 0
		})
	}
	d.Policies = slices.DeleteFunc(d.Policies, func(p directory.Policy) bool {
		return len(p.APIs)+len(p.Contexts) == 0
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
		Public:          a.Public,
		RedirectURIs:    a.RedirectURIs,
		SPARedirectURIs: a.SPARedirectURIs,
		LogoutURL:       a.LogoutURL,
		AppIDURI:        a.AppIDURI,
		Scopes:          a.Scopes,
		TokenVersion:    a.TokenVersion,
		Permissions:     permissions(d, a),
	}
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
