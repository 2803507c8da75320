package cli

import (
	"maps"
	"net/http"
	"strings"
)

// patch returns a func that changes an object.
func (b *brokenTenant) patch(path func() string, body any) func() {
	return func() { b.Helper(); b.send(http.MethodPatch, path(), body) }
}

// remove returns a func that deletes an object.
func (b *brokenTenant) remove(path func() string) func() {
	return func() { b.Helper(); b.send(http.MethodDelete, path(), nil) }
}

// apps returns the ways in which the applications and service principals can be broken.
func (b *brokenTenant) apps() []brokenObject {
	midTier := func() string { return b.app(midTierName) }
	client := func() string { return b.app(clientName) }
	scopes := func() (all []any) {
		api, _ := b.send(http.MethodGet, midTier(), nil)["api"].(object)
		all, _ = api["oauth2PermissionScopes"].([]any)
		return all
	}
	disabled := object{"accountEnabled": false}
	return []brokenObject{
		{name: "the scope is disabled", check: "scope.edit", plan: "midtier.app", breaks: func() {
			all := scopes()
			all[0].(object)["isEnabled"] = false
			b.send(http.MethodPatch, midTier(), object{"api": object{"oauth2PermissionScopes": all}})
		}},
		{name: "the App ID URI is missing", check: "scope.edit", plan: "midtier.app",
			breaks: b.patch(midTier, object{"identifierUris": []string{}})},
		{name: "version 1 tokens", check: "serve.token", serve: true, plan: "midtier.app",
			breaks: b.patch(midTier, object{"api": object{"requestedAccessTokenVersion": 1}})},
		{name: "no optional claim acrs", plan: "midtier.app", // a client that requests acrs gets it
			breaks: b.patch(midTier, object{"optionalClaims": object{"accessToken": []any{}}})},
		{name: "no permission of the mid-tier", plan: "midtier.app", // the consent counts, and is there
			breaks: b.patch(midTier, object{"requiredResourceAccess": []any{}})},
		{name: "no permission of the client", plan: "client.app",
			breaks: b.patch(client, object{"requiredResourceAccess": []any{}})},
		{name: "no redirect URI", check: "client.redirect", plan: "client.app",
			breaks: b.patch(client, object{"publicClient": object{"redirectUris": []any{}}})},
		{name: "no public client flows", plan: "client.app",
			breaks: b.patch(client, object{"isFallbackPublicClient": false})},
		{name: "the client's service principal is disabled", check: "client.registered", plan: "client.principal",
			breaks: b.patch(func() string { return b.principal(clientName) }, disabled)},
		{name: "the mid-tier's service principal is disabled", check: "scope.edit", plan: "midtier.principal",
			breaks: b.patch(func() string { return b.principal(midTierName) }, disabled)},
		{name: "the secret was removed", check: "serve.credential", serve: true, secret: true,
			plan: "midtier.credential", breaks: func() {
				secrets, _ := b.send(http.MethodGet, midTier(), nil)["passwordCredentials"].([]any)
				for _, s := range secrets {
					b.send(http.MethodPost, midTier()+"/removePassword", object{"keyId": s.(object)["keyId"]})
				}
			}},
	}
}

// consents returns the ways in which the consents can be broken.
func (b *brokenTenant) consents() []brokenObject {
	grants := []struct{ name, client, scope, check, plan string }{
		{"the client's consent for Graph", clientName, "User.Read", "client.consent", "grant.client-graph"},
		{"the client's consent for edits", clientName, "EditProfile", "scope.edit", "grant.client-midtier"},
		{"the mid-tier's consent for Graph", midTierName, "User.ReadWrite", "serve.consent", "grant.midtier-graph"},
	}
	var all []brokenObject
	for _, g := range grants {
		path := func() string { return b.grant(g.client, g.scope) }
		row := brokenObject{name: g.name + " is missing", check: g.check, plan: g.plan, breaks: b.remove(path)}
		row.serve = strings.HasPrefix(g.check, "serve.")
		all = append(all, row)
		if g.plan == "grant.client-midtier" {
			continue // the mid-tier has one scope only
		}
		row.name, row.breaks = g.name+" lacks a scope", b.patch(path, object{"scope": "openid"})
		all = append(all, row)
	}
	return all
}

// policies returns the ways in which the policies and the second factor can be broken.
func (b *brokenTenant) policies() []brokenObject {
	policy := func() string { return b.policy("MFA for " + midTierName) }
	state := func(s string) func() { return b.patch(policy, object{"state": s}) }
	const context = "/identity/conditionalAccess/authenticationContextClassReferences/c1"
	const email = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email"
	conditions := func(group string, members object) func() {
		return func() {
			found, _ := b.send(http.MethodGet, policy(), nil)["conditions"].(object)
			all := object{
				"clientAppTypes": found["clientAppTypes"],
				"applications":   found["applications"],
				"users":          found["users"],
			}
			maps.Copy(all[group].(object), members)
			b.send(http.MethodPatch, policy(), object{"conditions": all})
		}
	}
	midTierID := func() string { return text(b.find("/applications", "displayName", midTierName), "appId") }
	guard := func() string { return b.policy("MFA for context c1") }
	contextCheck := brokenObject{check: "serve.context", plan: "context.policy"}
	return []brokenObject{
		{name: "the policy is off", check: "mfa.enforced", plan: "policy", breaks: state("disabled")},
		{name: "the policy is in report-only mode", check: "mfa.enforced", plan: "policy",
			breaks: state("enabledForReportingButNotEnforced")},
		{name: "the policy is deleted", check: "mfa.enforced", plan: "policy", breaks: b.remove(policy)},
		{name: "the policy is for no user", check: "mfa.enforced", plan: "policy",
			breaks: conditions("users", object{"includeUsers": []string{"None"}})},
		{name: "the policy excludes the mid-tier", check: "mfa.enforced", plan: "policy", breaks: func() {
			conditions("applications", object{"excludeApplications": []string{midTierID()}})()
		}},
		{name: "the policy excludes the user", check: "mfa.enforced", plan: "", // exclusions may be wanted
			breaks: func() {
				conditions("users", object{"excludeUsers": []string{b.userID()}})()
			},
			undo: func() { conditions("users", object{"excludeUsers": []string{}})() }},
		{name: "the policy of the context is off", check: contextCheck.check, plan: contextCheck.plan,
			serve: true, breaks: b.patch(guard, object{"state": "disabled"})},
		{name: "the context is not published", plan: "context",
			breaks: b.patch(func() string { return context }, object{"isAvailable": false})},
		{name: "the passcode by email is off", plan: "method.email",
			breaks: b.patch(func() string { return email }, object{
				"@odata.type": "#microsoft.graph.emailAuthenticationMethodConfiguration", "state": "disabled",
			})},
	}
}

// flows returns the ways in which the user flow can be broken. No response shows it to a
// client; doctor says so, and names setup plan.
func (b *brokenTenant) flows() []brokenObject {
	const flows = "/identity/authenticationEventsFlows"
	flow := func() string { return flows + "/" + text(b.find(flows, "displayName", "Sign up"), "id") }
	return []brokenObject{
		{name: "the client is not linked to the user flow", plan: "flow.link", breaks: func() {
			id := text(b.find("/applications", "displayName", clientName), "appId")
			b.send(http.MethodDelete, flow()+"/conditions/applications/includeApplications/"+id, nil)
		}},
		{name: "the user flow is deleted", plan: "flow", breaks: b.remove(flow)},
	}
}

// deletions are the applications and service principals that are deleted. An application
// comes back from the deleted items, so that its client ID stays.
func (b *brokenTenant) deletions() []brokenObject {
	var all []brokenObject
	for _, side := range []struct{ name, id, check string }{
		{midTierName, "midtier", "scope.edit"}, {clientName, "client", "client.registered"},
	} {
		all = append(all,
			brokenObject{
				name: "the application " + side.name + " is deleted", check: side.check, plan: side.id + ".app",
				breaks: b.remove(func() string { return b.app(side.name) }),
				undo:   func() { b.restore(side.name) },
			},
			brokenObject{
				name: "the service principal of " + side.name + " is deleted", check: side.check,
				plan:   side.id + ".principal",
				breaks: b.remove(func() string { return b.principal(side.name) }),
			})
	}
	return all
}
