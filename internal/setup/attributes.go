package setup

import (
	"net/http"
	"slices"
)

// The application that changes custom attributes: Graph has no delegated permission for
// them. It has no users, no scopes and no redirect URI.

// userReadWriteAll is the application permission of Microsoft Graph to change all users
// (learn.microsoft.com/graph/permissions-reference).
func userReadWriteAll() graphScope {
	return graphScope{"User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca"}
}

// AttributeScopes returns the delegated permissions that Apply needs in addition to those of
// WriteScopes, if custom attributes are wanted.
func AttributeScopes() []string { return []string{"AppRoleAssignment.ReadWrite.All"} }

// adminScopes returns the permissions of the administrator.
func (w Wanted) adminScopes() []string {
	if w.Attributes {
		return append(WriteScopes(), AttributeScopes()...)
	}
	return WriteScopes()
}

// AttributesID returns the client ID of the application that changes custom attributes, or
// an empty string if it is missing.
func (t *Tenant) AttributesID() string { return t.attributes.AppID }

func attributesPrincipal(t *Tenant) (*application, *servicePrincipal) {
	return &t.attributes, &t.attributesSP
}

func (w Wanted) attributesTag() string { return w.tag() + ":attributes" }

// attributeObjects returns the objects for custom attributes.
func (w Wanted) attributeObjects() []object {
	return []object{
		w.attributesApp(),
		w.principal("attributes.principal", w.AttributesName, "attributes.app", attributesPrincipal),
		w.attributesHolder().object(attributesCredentialID, "attributes.app"),
		w.attributesRole(),
	}
}

func (w Wanted) attributesApp() object {
	return object{
		id:    "attributes.app",
		title: "application " + w.AttributesName,
		lag:   []int{http.StatusNotFound},
		hand: "Entra admin center > App registrations > New registration; then Manifest (tags " + w.tag() + " and " +
			w.attributesTag() + "), API permissions (Microsoft Graph, application User.ReadWrite.All)",
		next: func(t *Tenant) *write {
			c := &comparison{found: t.attributes}
			c.tags([]string{w.tag(), w.attributesTag()})
			c.audience()
			role := access{ID: userReadWriteAll().id, Type: "Role"}
			c.requires(GraphID, []access{role}, "Microsoft Graph User.ReadWrite.All (application)")
			return c.write(w.AttributesName, func(t *Tenant, app application) { t.attributes = app })
		},
	}
}

// attributesRole grants the application permission (learn.microsoft.com, "Grant an
// appRoleAssignment to a service principal").
func (w Wanted) attributesRole() object {
	return object{
		id:    "attributes.role",
		title: "admin consent of " + w.AttributesName + " for User.ReadWrite.All",
		needs: []string{"attributes.principal"},
		lag:   replicating(),
		hand: "Entra admin center > App registrations > " + w.AttributesName + " > API permissions > " +
			"Grant admin consent (User.ReadWrite.All)",
		next: func(t *Tenant) *write {
			wanted := roleAssignment{
				PrincipalID: t.attributesSP.ID,
				ResourceID:  t.graph.ID,
				RoleID:      userReadWriteAll().id,
			}
			if slices.ContainsFunc(t.roles, func(r roleAssignment) bool {
				return r.ResourceID == wanted.ResourceID && r.RoleID == wanted.RoleID
			}) {
				return nil
			}
			shows := []Difference{{Property: "appRoleId", To: userReadWriteAll().value}}
			path := rolesPath(t.attributesSP.ID)
			return creates(path, wanted, shows, func(t *Tenant, created roleAssignment) {
				t.roles = append(t.roles, created)
			})
		},
	}
}

func rolesPath(principal string) string {
	return "/servicePrincipals/" + principal + "/appRoleAssignments"
}
