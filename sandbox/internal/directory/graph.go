package directory

import "strings"

// The ids of Microsoft's own apps, which are the same in every tenant.
const (
	// GraphID is the app ID of Microsoft Graph.
	GraphID = "00000003-0000-0000-c000-000000000000"
	// GraphPowerShellID is the app ID of Microsoft Graph Command Line Tools, the public
	// client with which administrators sign in to manage a tenant.
	GraphPowerShellID = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
)

// PasswordScope is the permission of Microsoft Graph with which users change their password
// (learn.microsoft.com, "user: changePassword").
const PasswordScope = "Directory.AccessAsUser.All"

// graphURI identifies Microsoft Graph in scopes.
const graphURI = "https://graph.microsoft.com"

// FirstParty returns the apps of Microsoft that have a service principal in the tenant.
// Their registrations are in a tenant of Microsoft, so the directory stores only their
// service principals.
func (s *State) FirstParty() []App {
	graph, powerShell := Graph(), graphPowerShell()
	for i := range s.Microsoft {
		switch p := &s.Microsoft[i]; p.AppID {
		case GraphID:
			graph.Principal = &p.ServicePrincipal
		case GraphPowerShellID:
			powerShell.Principal = &p.ServicePrincipal
		}
	}
	if powerShell.Principal == nil {
		return []App{graph}
	}
	return []App{graph, powerShell}
}

// FirstPartyPrincipal represents the service principal of an app of Microsoft.
type FirstPartyPrincipal struct {
	AppID string `json:"appId"`
	ServicePrincipal
}

// Graph returns Microsoft Graph without its service principal.
func Graph() App {
	return App{
		ID:             GraphID,
		Name:           "Microsoft Graph",
		IdentifierURIs: []string{graphURI},
		Scopes:         graphScopes(),
	}
}

// graphPowerShell returns Microsoft Graph Command Line Tools. Its redirect URIs are those
// of MSAL's loopback and device code flows.
func graphPowerShell() App {
	return App{
		ID:                 GraphPowerShellID,
		Name:               "Microsoft Graph Command Line Tools",
		PublicRedirectURIs: []string{"http://localhost", "https://login.microsoftonline.com/common/oauth2/nativeclient"},
		FallbackPublic:     true,
	}
}

// AppRole represents an application permission of an API.
type AppRole struct{ ID, Value, Name string }

// AppRoles returns the application permissions of an API. Only Microsoft Graph has some.
func AppRoles(appID string) []AppRole {
	if !strings.EqualFold(appID, GraphID) {
		return nil
	}
	return []AppRole{
		{"741f803b-c850-494e-b5df-cde7c675a1ca", "User.ReadWrite.All", "Read and write all users' full profiles"},
		{"df021288-bdef-4463-88db-98f22de89214", "User.Read.All", "Read all users' full profiles"},
		{"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All", "Read and write all applications"},
		{"9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All", "Read all applications"},
		{"7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All", "Read directory data"},
		{"0edf5e9e-4ce8-468a-8432-d08631d18c43", "EventListener.ReadWrite.All",
			"Read and write all authentication event listeners"},
		{"1b0c317f-dd31-4305-9932-259a8b6e8099", "IdentityUserFlow.Read.All", "Read all identity user flows"},
		{"65319a09-a2be-469d-8782-f6b07debf789", "IdentityUserFlow.ReadWrite.All",
			"Read and write all identity user flows"},
	}
}

// graphScopes returns the delegated permissions of Microsoft Graph that the tenant
// implements, with their ids (learn.microsoft.com, "Microsoft Graph permissions
// reference"). Users could consent to those without admin, but not in external tenants.
func graphScopes() []Scope {
	everyone := []Scope{
		{ID: "37f7f235-527c-4136-accd-4a02d197296e", Value: "openid", AdminConsentName: "Sign users in"},
		{ID: "14dad69e-099b-42c9-810b-d002981feec1", Value: "profile", AdminConsentName: "View users' basic profile"},
		{ID: "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", Value: "email", AdminConsentName: "View users' email address"},
		{ID: "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", Value: "offline_access",
			AdminConsentName: "Maintain access to data you have given it access to"},
		{ID: "e1fe6dd8-ba31-4d61-89e7-88639da4683d", Value: "User.Read",
			AdminConsentName: "Sign in and read user profile"},
		{ID: "b4e74841-8e56-480b-be8b-910348b18b4c", Value: "User.ReadWrite",
			AdminConsentName: "Read and write access to user profile"},
	}
	return append(everyone, adminScopes()...)
}

// adminScopes returns the permissions that only administrators can consent to.
func adminScopes() []Scope {
	scopes := []Scope{
		{ID: "c79f8feb-a9db-4090-85f9-90d820caa0eb", Value: "Application.Read.All"},
		{ID: "bdfbf15f-ee85-4955-8675-146e8e5296b5", Value: "Application.ReadWrite.All"},
		{ID: "84bccea3-f856-4a8a-967b-dbe0a3d53a64", Value: "AppRoleAssignment.ReadWrite.All"},
		{ID: "57b030f1-8c35-469c-b0d9-e4a077debe70", Value: "AuthenticationContext.Read.All"},
		{ID: "ba6d575a-1344-4516-b777-1404f5593057", Value: "AuthenticationContext.ReadWrite.All"},
		{ID: "a197cdc4-a8e8-4d49-9d35-4ca7c83887b4", Value: "DelegatedPermissionGrant.Read.All"},
		{ID: "41ce6ca6-6826-4807-84f1-1c82854f7ee5", Value: "DelegatedPermissionGrant.ReadWrite.All"},
		{ID: "0e263e50-5827-48a4-b97c-d940288653c7", Value: PasswordScope},
		{ID: "06da0dbc-49e2-44d2-8312-53f166ab848a", Value: "Directory.Read.All"},
		{ID: "c5366453-9fb0-48a5-a156-24f0c49a4b84", Value: "Directory.ReadWrite.All"},
		{ID: "2f9ee017-59c1-4f1d-9472-bd5529a7b311", Value: "Domain.Read.All"},
		{ID: "f7dd3bed-5eec-48da-bc73-1c0ef50bc9a1", Value: "EventListener.Read.All"},
		{ID: "d11625a6-fe21-4fc6-8d3d-063eba5525ad", Value: "EventListener.ReadWrite.All"},
		{ID: "2903d63d-4611-4d43-99ce-a33f3f52e343", Value: "IdentityUserFlow.Read.All"},
		{ID: "281892cc-4dbf-4e3a-b6cc-b21029bb4e82", Value: "IdentityUserFlow.ReadWrite.All"},
		{ID: "4908d5b9-3fb2-4b1e-9336-1888b7937185", Value: "Organization.Read.All"},
		{ID: "572fea84-0151-49b2-9301-11cb16974376", Value: "Policy.Read.All"},
		{ID: "633e0fce-8c58-4cfb-9495-12bbd5a24f7c", Value: "Policy.Read.ConditionalAccess"},
		{ID: "7e823077-d88e-468f-a337-e18f1f0e6c7c", Value: "Policy.ReadWrite.AuthenticationMethod"},
		{ID: "ad902697-1014-4ef5-81ef-2b4301988e8c", Value: "Policy.ReadWrite.ConditionalAccess"},
		{ID: "741c54c3-0c1e-44a1-818b-3f97ab4e8c83", Value: "RoleManagement.Read.Directory"},
		{ID: "a154be20-db9c-4678-8ab7-66f6cc099a59", Value: "User.Read.All"},
		{ID: "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4", Value: "User.ReadWrite.All"},
	}
	for i := range scopes {
		scopes[i].Admin = true
	}
	return scopes
}

// NewFirstParty returns service principals of Microsoft's apps for a new tenant. That
// Graph Command Line Tools has one before an administrator signs in with it is inferred.
func NewFirstParty() []FirstPartyPrincipal {
	return []FirstPartyPrincipal{
		{AppID: GraphID, ServicePrincipal: ServicePrincipal{ID: NewID()}},
		{AppID: GraphPowerShellID, ServicePrincipal: ServicePrincipal{ID: NewID()}},
	}
}
