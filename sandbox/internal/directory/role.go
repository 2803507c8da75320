package directory

import "strings"

// DirectoryRole represents a role of administrators. The id is that of its template,
// which is the same in every tenant (learn.microsoft.com, "Microsoft Entra built-in
// roles").
type DirectoryRole struct{ ID, Name string }

// DirectoryRoles returns the roles that the tenant knows.
func DirectoryRoles() []DirectoryRole {
	return []DirectoryRole{
		{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
		{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"},
		{"158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"},
		{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"},
		{"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator"},
		{"194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator"},
		{"0526716b-113d-4c15-b2c8-68e3c22b9f80", "Authentication Policy Administrator"},
		{"6e591065-9bad-43ed-90f3-e9424366d2f0", "External ID User Flow Administrator"},
		{"0f971eea-41eb-4569-a71e-57bb8a3eff1e", "External ID User Flow Attribute Administrator"},
		{"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"},
		{"5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"},
	}
}

// FindDirectoryRole returns the role with a template id or a name, ignoring case.
func FindDirectoryRole(idOrName string) (DirectoryRole, bool) {
	for _, r := range DirectoryRoles() {
		if strings.EqualFold(r.ID, idOrName) || strings.EqualFold(r.Name, idOrName) {
			return r, true
		}
	}
	return DirectoryRole{}, false
}
