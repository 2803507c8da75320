package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// memberOf lists the directory roles of the signed-in user, who is in no groups.
func (a *Admin) memberOf(c call) (result, *odata.Error) {
	var all []odata.Object
	for _, name := range a.directoryRoles(c.caller.ID) {
		role, _ := directory.FindDirectoryRole(name)
		all = append(all, odata.Object{
			"@odata.type":     "#microsoft.graph.directoryRole",
			"id":              role.ID,
			"displayName":     role.Name,
			"description":     nil,
			"roleTemplateId":  role.ID,
			"deletedDateTime": nil,
		})
	}
	return a.collection(c, "directoryObjects", all)
}

func roleObject(d *directory.State, app directory.App, r directory.Role) odata.Object {
	api, _ := d.Client(r.API)
	resource := any(nil)
	if api.Principal != nil {
		resource = api.Principal.ID
	}
	return odata.Object{
		"id":                   r.ID,
		"appRoleId":            r.RoleID,
		"createdDateTime":      timestamp(r.Created),
		"deletedDateTime":      nil,
		"principalId":          app.Principal.ID,
		"principalDisplayName": app.Name,
		"principalType":        "ServicePrincipal",
		"resourceId":           resource,
		"resourceDisplayName":  api.Name,
	}
}

const assignmentSet = "appRoleAssignments"

func (a *Admin) listRoles(c call) (res result, e *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		var app directory.App
		if app, e = a.findPrincipal(d, c.key("principal")); e == nil {
			for _, r := range app.Principal.Roles {
				all = append(all, roleObject(d, app, r))
			}
		}
	})
	if e != nil {
		return res, e
	}
	return a.collection(c, assignmentSet, all)
}

// assignRole grants an application permission.
func (a *Admin) assignRole(c call) (res result, e *odata.Error) {
	var body struct {
		Principal string `json:"principalId"`
		Resource  string `json:"resourceId"`
		Role      string `json:"appRoleId"`
	}
	if _, e := read(c.raw, &body, "principalId", "resourceId", "appRoleId"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findPrincipal(d, c.key("principal"))
		if e != nil {
			return e
		}
		api, e := a.findPrincipal(d, body.Resource)
		if e != nil {
			return e
		}
		exists := slices.ContainsFunc(directory.AppRoles(api.ID), func(r directory.AppRole) bool {
			return strings.EqualFold(r.ID, body.Role)
		})
		switch {
		case !strings.EqualFold(body.Principal, app.Principal.ID):
			return odata.Rejected("Invalid value specified for property 'principalId' of resource 'AppRoleAssignment'.")
		case !exists:
			return odata.Rejected("Permission being assigned was not found on application").
				Because("the API %s has no application permission %q", api.Name, body.Role)
		case hasRole(app.Principal, api.ID, body.Role):
			return odata.Rejected("Permission being assigned already exists on the object").
				About("InvalidUpdate", "appRoleAssignment")
		}
		role := directory.Role{ID: directory.NewConsentID(), API: api.ID, RoleID: body.Role, Created: a.Now()}
		app.Principal.Roles = append(app.Principal.Roles, role)
		res = created(entity(c, assignmentSet, roleObject(d, app, role)),
			"granted an application permission of "+api.Name+" to "+app.Name)
		return nil
	})
	return res, e
}

func hasRole(p *directory.ServicePrincipal, api, id string) bool {
	return slices.ContainsFunc(p.Roles, func(r directory.Role) bool {
		return strings.EqualFold(r.API, api) && strings.EqualFold(r.RoleID, id)
	})
}

func (a *Admin) removeRole(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findPrincipal(d, c.key("principal"))
		if e != nil {
			return e
		}
		id := c.key("assignment")
		i := slices.IndexFunc(app.Principal.Roles, func(r directory.Role) bool { return r.ID == id })
		if i < 0 {
			return odata.NoObject(id)
		}
		app.Principal.Roles = slices.Delete(app.Principal.Roles, i, i+1)
		res = done("removed an application permission of " + app.Name)
		return nil
	})
	return res, e
}
