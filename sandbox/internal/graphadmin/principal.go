package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// principalObject returns a service principal as Graph shows it (learn.microsoft.com,
// "servicePrincipal resource type").
func principalObject(d *directory.State, app directory.App) odata.Object {
	p := app.Principal
	names := append([]string{app.ID}, app.IdentifierURIs...)
	owner, audience := d.TenantID, singleTenant
	if app.ID == directory.GraphID || app.ID == directory.GraphPowerShellID {
		owner, audience = microsoftTenant, "AzureADMultipleOrgs"
	}
	roles := []odata.Object{}
	for _, r := range directory.AppRoles(app.ID) {
		roles = append(roles, odata.Object{
			"id":                 r.ID,
			"value":              r.Value,
			"displayName":        r.Name,
			"description":        r.Name,
			"isEnabled":          true,
			"origin":             "Application",
			"allowedMemberTypes": []string{"Application"},
		})
	}
	return odata.Object{
		"id":                        p.ID,
		"appId":                     app.ID,
		"appDisplayName":            app.Name,
		"displayName":               app.Name,
		"accountEnabled":            !p.Disabled,
		"appOwnerOrganizationId":    owner,
		"appRoleAssignmentRequired": false,
		"appRoles":                  roles,
		"createdDateTime":           timestamp(p.Created),
		"deletedDateTime":           nil,
		"notes":                     nil,
		"oauth2PermissionScopes":    scopeObjects(app.Scopes),
		"replyUrls":                 orEmpty(slices.Concat(app.AllRedirectURIs(), app.SPARedirectURIs)),
		"servicePrincipalNames":     names,
		"servicePrincipalType":      "Application",
		"signInAudience":            audience,
		"tags":                      orEmpty(p.Tags),
		"passwordCredentials":       []any{},
		"keyCredentials":            []any{},
	}
}

// microsoftTenant is the tenant that owns Microsoft's own apps.
const microsoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

func (a *Admin) listPrincipals(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, app := range d.Principals() {
			if !a.isFresh(app.Principal.ID) {
				all = append(all, principalObject(d, app))
			}
		}
	})
	return a.collection(c, "servicePrincipals", all)
}

// findPrincipal returns the app whose service principal a key names: its id, or appId='…'.
func (a *Admin) findPrincipal(d *directory.State, key string) (directory.App, *odata.Error) {
	appID, byAppID := strings.CutPrefix(key, "appId=")
	if byAppID {
		key = strings.Trim(appID, "'")
	}
	for _, app := range d.Principals() {
		switch {
		case byAppID && !strings.EqualFold(app.ID, key), !byAppID && !strings.EqualFold(app.Principal.ID, key):
		case a.isFresh(app.Principal.ID):
			return app, odata.NoObject(key).
				Because("the service principal is new, and the replication lag is %s", a.Lag)
		default:
			return app, nil
		}
	}
	return directory.App{}, odata.NoObject(key)
}

func (a *Admin) getPrincipal(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var app directory.App
		if app, e = a.findPrincipal(d, c.key("principal")); e == nil {
			o := principalObject(d, app)
			res = ok(entity(c, "servicePrincipals", o), "returned the service principal of "+app.Name)
		}
	})
	return res, e
}

type principalBody struct {
	AppID   string   `json:"appId"`
	Tags    []string `json:"tags"`
	Enabled *bool    `json:"accountEnabled"`
}

func (a *Admin) createPrincipal(c call) (res result, e *odata.Error) {
	var body principalBody
	if _, e := read(c.raw, &body, "appId", "tags", "accountEnabled"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, known := d.AppByID(body.AppID)
		switch {
		case !known || a.isFresh(app.ObjectID):
			return odata.Rejected("The appId '"+odata.Clean(body.AppID)+"' of the service principal does not "+
				"reference a valid application object.").About("NoBackingApplicationObject", "appId")
		case app.Principal != nil:
			return odata.Conflict("The service principal cannot be created, updated, or restored because the service " +
				"principal name " + app.ID + " is already in use.")
		}
		app.Principal = &directory.ServicePrincipal{ID: directory.NewID(), Tags: body.Tags, Created: a.Now()}
		if body.Enabled != nil {
			app.Principal.Disabled = !*body.Enabled
		}
		a.created(app.Principal.ID)
		o := principalObject(d, *app)
		res = created(entity(c, "servicePrincipals", o), "created the service principal of "+app.Name)
		return nil
	})
	return res, e
}

func (a *Admin) updatePrincipal(c call) (res result, e *odata.Error) {
	var body principalBody
	names, e := read(c.raw, &body, "tags", "accountEnabled")
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findPrincipal(d, c.key("principal"))
		if e != nil {
			return e
		}
		if slices.Contains(names, "tags") {
			app.Principal.Tags = body.Tags
		}
		if body.Enabled != nil {
			app.Principal.Disabled = !*body.Enabled
		}
		res = done("changed the service principal of " + app.Name)
		return nil
	})
	return res, e
}

// deletePrincipal deletes a service principal, with what it was granted and what others were
// granted for it. That Graph does not let administrators delete Microsoft Graph's is
// inferred.
func (a *Admin) deletePrincipal(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		found, e := a.findPrincipal(d, c.key("principal"))
		if e != nil {
			return e
		}
		app, own := d.AppByID(found.ID)
		if !own {
			return odata.Rejected("The service principal of a Microsoft application cannot be deleted.")
		}
		app.Principal = nil
		d.RemoveConsentsFor(app.ID)
		res = done("deleted the service principal of " + app.Name)
		return nil
	})
	return res, e
}
