package graphadmin

import "net/http"

// segmentNames returns the names in the paths of the routes, with their spelling.
func segmentNames() []string {
	return []string{
		"me", "memberOf", "transitiveMemberOf", "microsoft.graph.directoryRole", "organization", "domains",
		"applications", "addPassword", "removePassword", "federatedIdentityCredentials",
		"servicePrincipals", "appRoleAssignments", "oauth2PermissionGrants",
		"policies", "authenticationMethodsPolicy", "authenticationMethodConfigurations", "email",
		"identity", "conditionalAccess", "authenticationContextClassReferences", "authenticationEventsFlows",
		"conditions", "includeApplications", "directory", "deletedItems", "restore",
		"microsoft.graph.application", "microsoft.graph.servicePrincipal",
		"microsoft.graph.externalUsersSelfServiceSignUpEventsFlow", "userFlowAttributes", "extensionProperties",
		"onAttributeCollection", "microsoft.graph.onAttributeCollectionExternalUsersSelfServiceSignUp",
		"attributes", "$ref",
	}
}

func (a *Admin) newRoutes() *http.ServeMux {
	m := http.NewServeMux()
	route := func(pattern string, need permission, h handler) { m.Handle(pattern, a.handle(need, h)) }
	a.routeApps(route)
	a.routePolicies(route)
	a.routeFlows(route)
	a.routeAttributes(route)
	route("GET /me/memberOf", readOwn(), a.memberOf)
	route("GET /me/memberOf/microsoft.graph.directoryRole", readOwn(), a.memberOf)
	route("GET /me/transitiveMemberOf", readOwn(), a.memberOf)
	route("GET /me/transitiveMemberOf/microsoft.graph.directoryRole", readOwn(), a.memberOf)
	route("GET /organization", readTenant(), a.organizations)
	route("GET /domains", readTenant(), a.domains)
	return m
}

type router func(pattern string, need permission, h handler)

func (a *Admin) routeApps(route router) {
	route("GET /applications", readApps(), a.listApps)
	route("POST /applications", writeApps(), a.createApp)
	route("GET /applications/{app}", readApps(), a.getApp)
	route("PATCH /applications/{app}", writeApps(), a.updateApp)
	route("DELETE /applications/{app}", writeApps(), a.deleteApp)
	route("POST /applications/{app}/addPassword", writeApps(), a.addPassword)
	route("POST /applications/{app}/removePassword", writeApps(), a.removePassword)
	const federated = "/applications/{app}/federatedIdentityCredentials"
	route("GET "+federated, readApps(), a.listWorkloads)
	route("POST "+federated, writeApps(), a.createWorkload)
	route("GET "+federated+"/{credential}", readApps(), a.getWorkload)
	route("PATCH "+federated+"/{credential}", writeApps(), a.updateWorkload)
	route("DELETE "+federated+"/{credential}", writeApps(), a.deleteWorkload)

	route("GET /servicePrincipals", readApps(), a.listPrincipals)
	route("POST /servicePrincipals", writeApps(), a.createPrincipal)
	route("GET /servicePrincipals/{principal}", readApps(), a.getPrincipal)
	route("PATCH /servicePrincipals/{principal}", writeApps(), a.updatePrincipal)
	route("DELETE /servicePrincipals/{principal}", writeApps(), a.deletePrincipal)
	const assigned = "/servicePrincipals/{principal}/appRoleAssignments"
	route("GET "+assigned, readApps(), a.listRoles)
	route("POST "+assigned, writeAppRoles(), a.assignRole)
	route("DELETE "+assigned+"/{assignment}", writeAppRoles(), a.removeRole)

	route("GET /oauth2PermissionGrants", readGrants(), a.listGrants)
	route("POST /oauth2PermissionGrants", writeGrants(), a.createGrant)
	route("GET /oauth2PermissionGrants/{grant}", readGrants(), a.getGrant)
	route("PATCH /oauth2PermissionGrants/{grant}", writeGrants(), a.updateGrant)
	route("DELETE /oauth2PermissionGrants/{grant}", writeGrants(), a.deleteGrant)

	route("GET /directory/deletedItems/microsoft.graph.application", readApps(), a.listDeleted)
	route("GET /directory/deletedItems/microsoft.graph.servicePrincipal", readApps(), a.listDeletedPrincipals)
	route("DELETE /directory/deletedItems/{app}", writeApps(), a.purgeDeleted)
	route("POST /directory/deletedItems/{app}/restore", writeApps(), a.restoreDeleted)
}

func (a *Admin) routePolicies(route router) {
	const policies = "/identity/conditionalAccess/policies"
	route("GET "+policies, readPolicies(), a.listPolicies)
	route("POST "+policies, writePolicies(), a.createPolicy)
	route("GET "+policies+"/{policy}", readPolicies(), a.getPolicy)
	route("PATCH "+policies+"/{policy}", writePolicies(), a.updatePolicy)
	route("DELETE "+policies+"/{policy}", writePolicies(), a.deletePolicy)
	const contexts = "/identity/conditionalAccess/authenticationContextClassReferences"
	route("GET "+contexts, readContexts(), a.listContexts)
	route("POST "+contexts, writeContexts(), a.createContext)
	route("GET "+contexts+"/{context}", readContexts(), a.getContext)
	route("PATCH "+contexts+"/{context}", writeContexts(), a.updateContext)
	route("DELETE "+contexts+"/{context}", writeContexts(), a.deleteContext)
	const email = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email"
	route("GET "+email, readMethods(), a.getEmail)
	route("PATCH "+email, writeMethods(), a.updateEmail)
}

func (a *Admin) routeFlows(route router) {
	const flows = "/identity/authenticationEventsFlows"
	route("GET "+flows, readFlows(), a.listFlows)
	route("POST "+flows, writeFlows(), a.createFlow)
	route("GET "+flows+"/{flow}", readFlows(), a.getFlow)
	route("PATCH "+flows+"/{flow}", writeFlows(), a.updateFlow)
	route("DELETE "+flows+"/{flow}", writeFlows(), a.deleteFlow)
	for _, cast := range []string{"", "/microsoft.graph.externalUsersSelfServiceSignUpEventsFlow"} {
		apps := flows + "/{flow}" + cast + "/conditions/applications/includeApplications"
		route("GET "+apps, readFlows(), a.listFlowApps)
		route("POST "+apps, writeFlows(), a.addFlowApp)
		route("DELETE "+apps+"/{app}", writeFlows(), a.removeFlowApp)
	}
}

func (a *Admin) routeAttributes(route router) {
	const attributes = "/identity/userFlowAttributes"
	route("GET "+attributes, readAttributes(), a.listAttributes)
	route("POST "+attributes, writeAttributes(), a.createAttribute)
	route("GET "+attributes+"/{attribute}", readAttributes(), a.getAttribute)
	route("PATCH "+attributes+"/{attribute}", writeAttributes(), a.updateAttribute)
	route("DELETE "+attributes+"/{attribute}", writeAttributes(), a.deleteAttribute)
	const extensions = "/applications/{app}/extensionProperties"
	route("GET "+extensions, readApps(), a.listExtensions)
	route("POST "+extensions, writeApps(), a.createExtension)
	route("GET "+extensions+"/{extension}", readApps(), a.getExtension)
	route("DELETE "+extensions+"/{extension}", writeApps(), a.deleteExtension)
	const collected = "/identity/authenticationEventsFlows/{flow}/" +
		"microsoft.graph.externalUsersSelfServiceSignUpEventsFlow/onAttributeCollection/" +
		"microsoft.graph.onAttributeCollectionExternalUsersSelfServiceSignUp/attributes"
	route("GET "+collected, readFlows(), a.listCollected)
	route("POST "+collected+"/$ref", writeFlows(), a.addCollected)
	route("DELETE "+collected+"/{attribute}/$ref", writeFlows(), a.removeCollected)
}
