package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// permission is what a request needs: one of the permissions in the token, and, for a user,
// one of the directory roles. Accounts of the organization can read some resources without
// a role (learn.microsoft.com, "What are the default user permissions").
type permission struct {
	scopes []string
	also   [][]string // further permissions, of each of which the token needs one, too
	roles  []string   // names; none if every account of the organization may
}

const globalAdministrator = "Global Administrator"

// check returns an error unless the caller has a permission.
func (a *Admin) check(need permission, c odata.Caller) *odata.Error {
	for _, scopes := range append([][]string{need.scopes}, need.also...) {
		if !c.Has(scopes...) {
			return odata.AccessDenied().Because("the access token grants %q, but the request needs %s",
				strings.Join(slices.Concat(c.Scopes, c.Roles), " "), strings.Join(scopes, " or "))
		}
	}
	if c.AppOnly || len(need.roles) == 0 {
		return nil
	}
	held := a.directoryRoles(c.ID)
	if slices.Contains(held, globalAdministrator) ||
		slices.ContainsFunc(need.roles, func(r string) bool { return slices.Contains(held, r) }) {
		return nil
	}
	return odata.AccessDenied().Because("the user has the directory roles %q, but the request needs %s",
		strings.Join(held, ", "), strings.Join(append([]string{globalAdministrator}, need.roles...), " or "))
}

// directoryRoles returns the names of the directory roles of a user.
func (a *Admin) directoryRoles(userID string) (names []string) {
	a.Directory.View(func(d *directory.State) {
		if user, ok := d.UserByID(userID); ok {
			for _, id := range user.Roles {
				if role, known := directory.FindDirectoryRole(id); known {
					names = append(names, role.Name)
				}
			}
		}
	})
	return names
}

func readApps() permission {
	return permission{scopes: []string{
		"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
	}}
}

func writeApps() permission {
	return permission{
		scopes: []string{"Application.ReadWrite.All", "Directory.ReadWrite.All"},
		roles:  []string{"Application Administrator", "Cloud Application Administrator"},
	}
}

func readGrants() permission {
	return permission{scopes: []string{
		"DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All",
		"Directory.ReadWrite.All",
	}}
}

func writeGrants() permission {
	return permission{
		scopes: []string{"DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"},
		roles: []string{
			"Application Administrator", "Cloud Application Administrator", "Privileged Role Administrator",
		},
	}
}

func writeAppRoles() permission {
	return permission{
		scopes: []string{"AppRoleAssignment.ReadWrite.All"},
		roles:  []string{"Privileged Role Administrator"}, // for permissions of Graph
	}
}

func readPolicies() permission {
	return permission{
		scopes: []string{"Policy.Read.All", "Policy.Read.ConditionalAccess"},
		roles: []string{
			"Conditional Access Administrator", "Security Administrator", "Global Reader", "Security Reader",
		},
	}
}

// writePolicies needs three permissions (learn.microsoft.com, "Create
// conditionalAccessPolicy").
func writePolicies() permission {
	return permission{
		scopes: []string{"Policy.ReadWrite.ConditionalAccess"},
		also:   [][]string{{"Policy.Read.All"}, readApps().scopes},
		roles:  []string{"Conditional Access Administrator", "Security Administrator"},
	}
}

func readContexts() permission {
	p := readPolicies()
	p.scopes = append(p.scopes, "AuthenticationContext.Read.All", "AuthenticationContext.ReadWrite.All")
	return p
}

func writeContexts() permission {
	p := writePolicies()
	p.also = nil
	p.scopes = append(p.scopes, "AuthenticationContext.ReadWrite.All")
	return p
}

func readMethods() permission {
	return permission{
		scopes: []string{"Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"},
		roles:  []string{"Authentication Policy Administrator", "Global Reader"},
	}
}

func writeMethods() permission {
	return permission{
		scopes: []string{"Policy.ReadWrite.AuthenticationMethod"},
		roles:  []string{"Authentication Policy Administrator"},
	}
}

func readFlows() permission {
	return permission{
		scopes: []string{"EventListener.Read.All", "EventListener.ReadWrite.All"},
		roles:  []string{"External ID User Flow Administrator", "Global Reader"},
	}
}

func writeFlows() permission {
	return permission{
		scopes: []string{"EventListener.ReadWrite.All"},
		roles:  []string{"External ID User Flow Administrator"},
	}
}

func readAttributes() permission {
	return permission{
		scopes: []string{"IdentityUserFlow.Read.All", "IdentityUserFlow.ReadWrite.All"},
		roles:  []string{"External ID User Flow Attribute Administrator", "Global Reader"},
	}
}

func writeAttributes() permission {
	return permission{
		scopes: []string{"IdentityUserFlow.ReadWrite.All"},
		roles:  []string{"External ID User Flow Attribute Administrator"},
	}
}

func readTenant() permission {
	return permission{scopes: []string{
		"User.Read", "Organization.Read.All", "Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All",
	}}
}

func readOwn() permission {
	return permission{scopes: []string{"User.Read", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}}
}
