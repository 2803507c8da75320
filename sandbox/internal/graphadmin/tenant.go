package graphadmin

import (
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// organizations lists the tenant. tenantType of an external tenant is CIAM (published
// responses).
func (a *Admin) organizations(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		all = append(all, odata.Object{
			"id":              d.TenantID,
			"displayName":     d.Subdomain,
			"tenantType":      "CIAM",
			"verifiedDomains": []odata.Object{verifiedDomain(d)},
			"deletedDateTime": nil,
		})
	})
	return a.collection(c, "organization", all)
}

func verifiedDomain(d *directory.State) odata.Object {
	return odata.Object{
		"capabilities": "Email, OfficeCommunicationsOnline",
		"isDefault":    true,
		"isInitial":    true,
		"name":         d.Domain(),
		"type":         "Managed",
	}
}

func (a *Admin) domains(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		all = append(all, odata.Object{
			"id":                 d.Domain(),
			"authenticationType": "Managed",
			"isAdminManaged":     true,
			"isDefault":          true,
			"isInitial":          true,
			"isRoot":             true,
			"isVerified":         true,
			"supportedServices":  []string{"Email", "OfficeCommunicationsOnline"},
		})
	})
	return a.collection(c, "domains", all)
}
