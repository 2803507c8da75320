package sandbox_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// wantGraphError sends a request and expects an error with a status, a code, and a part of its
// message or its details.
func (a *admin) wantGraphError(method, path, body string, status int, code, part string) {
	a.t.Helper()
	got, members := a.graph(method, "/v1.0"+path, a.token, body)
	e, _ := members["error"].(map[string]any)
	if got != status || e["code"] != code || !strings.Contains(fmt.Sprint(e), part) {
		a.t.Errorf("%s %s %s: got %d %v, want %d %s %q", method, path, body, got, e, status, code, part)
	}
	if inner, _ := e["innerError"].(map[string]any); inner["request-id"] == "" || inner["date"] == "" {
		a.t.Errorf("%s %s: innerError is %v", method, path, e["innerError"])
	}
}

func TestGraphRejectsInvalidApps(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	midTier, _, _ := a.midTier()
	one := "/applications(appId='" + midTier + "')"
	const bad = "Request_BadRequest"
	scope := func(id, value string) string {
		return fmt.Sprintf(`{"id":%q,"value":%q,"type":"Admin","isEnabled":true,
			"adminConsentDisplayName":"n","adminConsentDescription":"d"}`, id, value)
	}
	first, second := "5b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10", "6b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10"
	for _, row := range []struct{ method, path, body, part string }{
		{"POST", "/applications", `{}`, "displayName"},
		{"POST", "/applications", `{"displayName":"x","nonsense":1}`, "Invalid property 'nonsense'"},
		{"POST", "/applications", `{"displayName":"x","signInAudience":"AzureADMultipleOrgs"}`, "signInAudience"},
		{"POST", "/applications", `{"displayName":"x","passwordCredentials":[{}]}`, "addPassword"},
		{"POST", "/applications", `{"displayName":"x","web":{"redirectUris":["http://evil.example"]}}`, "web/redirectUris"},
		{"PATCH", one, `{"identifierUris":["https://evil.example/api"]}`, "HostNameNotOnVerifiedDomain"},
		{"PATCH", one, `{"api":{"requestedAccessTokenVersion":3}}`, "requestedAccessTokenVersion"},
		{"PATCH", one, `{"api":{"oauth2PermissionScopes":[]}}`, "CannotDeleteOrUpdateEnabledEntitlement"},
		{"PATCH", one, `{"api":{"oauth2PermissionScopes":[` + scope(first, "a") + `,` + scope(first, "b") + `]}}`,
			"DuplicateValue"},
		{"PATCH", one, `{"api":{"oauth2PermissionScopes":[` + scope(first, "a") + `,` + scope(second, "A") + `]}}`,
			"DuplicateValue"},
		{"PATCH", one, `{"keyCredentials":[{"type":"AsymmetricX509Cert","usage":"Verify","key":"AAAA"}]}`,
			"KeyNotValid"},
		{"POST", "/servicePrincipals", `{"appId":"` + second + `"}`, "NoBackingApplicationObject"},
	} {
		a.wantGraphError(row.method, row.path, row.body, 400, bad, row.part)
	}
	other := a.call(http.MethodPost, "/applications", `{"displayName":"other"}`, 201)
	a.wantGraphError("PATCH", "/applications/"+text(other, "id"), `{"identifierUris":["api://`+midTier+`"]}`,
		400, bad, "ObjectConflict")
	a.wantGraphError("POST", "/servicePrincipals", `{"appId":"`+midTier+`"}`, 409,
		"Request_MultipleObjectsWithSameKeyValue", "already in use")
	a.wantGraphError("GET", "/applications/"+first, "", 404, "Request_ResourceNotFound", first)
	for _, path := range []string{"/applications//x", "/applications/../users", "/applications/./x"} {
		if status, _ := a.graph("GET", "/v1.0"+path, a.token, ""); status < 400 {
			t.Errorf("%s: got %d", path, status)
		}
	}
	a.wantGraphError("PATCH", one, `not JSON`, 400, "BadRequest", "payload")
}

func TestGraphRejectsInvalidGrants(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	_, midTier, _ := a.midTier()
	graph := a.graphPrincipal()
	grant := func(client, resource, scope string) string {
		return fmt.Sprintf(`{"clientId":%q,"consentType":"AllPrincipals","resourceId":%q,"scope":%q}`,
			client, resource, scope)
	}
	const path = "/oauth2PermissionGrants"
	unknown := "5b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10"
	a.wantGraphError("POST", path, grant(midTier, graph, "User.ReadWrite Nonsense"), 400, "Request_BadRequest", "scope")
	a.wantGraphError("POST", path, grant(unknown, graph, "User.Read"), 404, "Request_ResourceNotFound", unknown)
	created := a.call("POST", path, grant(midTier, graph, "User.ReadWrite"), 201)
	a.wantGraphError("POST", path, grant(midTier, graph, "User.Read"), 409,
		"Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists")
	a.call("PATCH", path+"/"+text(created, "id"), `{"scope":"User.Read"}`, 204)
	listed := a.call("GET", path+"?$filter=clientId%20eq%20'"+midTier+"'", "", 200)["value"].([]any)
	if len(listed) != 1 || listed[0].(map[string]any)["scope"] != "User.Read" {
		t.Errorf("got %v", listed)
	}
	a.call("DELETE", path+"/"+text(created, "id"), "", 204)
	a.wantGraphError("GET", path+"/"+text(created, "id"), "", 404, "Request_ResourceNotFound", "")
}

func TestGraphRejectsInvalidPolicies(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	midTier, _, _ := a.midTier()
	cli, _ := a.cli()
	const path = "/identity/conditionalAccess/policies"
	unknown := "5b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10"
	a.wantGraphError("POST", path, policyJSON(unknown, "enabled"), 400, "BadRequest", "ServicePrincipalNotFound")
	a.wantGraphError("POST", path, policyJSON(cli, "enabled"), 400, "BadRequest", "PublicClientsAreUnsupported")
	a.wantGraphError("POST", path, policyJSON(midTier, "on"), 400, "BadRequest", "state")
	withPlatforms := strings.Replace(policyJSON(midTier, "enabled"), `"clientAppTypes"`,
		`"platforms":{"includePlatforms":["all"]},"clientAppTypes"`, 1)
	a.wantGraphError("POST", path, withPlatforms, 400, "BadRequest", "platforms")
	context := `{"displayName":"c","state":"enabled","conditions":{"clientAppTypes":["all"],
		"applications":{"includeAuthenticationContextClassReferences":["c1"]},"users":{"includeUsers":["All"]}},
		"grantControls":{"operator":"OR","builtInControls":["mfa"]}}`
	a.wantGraphError("POST", path, context, 400, "BadRequest", "c1")
	const contexts = "/identity/conditionalAccess/authenticationContextClassReferences/c1"
	a.call("PATCH", contexts, `{"displayName":"Edit profile","isAvailable":true}`, 204)
	policy := text(a.call("POST", path, context, 201), "id")
	a.wantGraphError("DELETE", contexts, "", 400, "BadRequest", "policy")
	a.call("PATCH", path+"/"+policy, `{"state":"disabled"}`, 204)
	if got := a.call("GET", path+"/"+policy, "", 200); got["state"] != "disabled" || got["modifiedDateTime"] == nil {
		t.Errorf("got %v", got)
	}
	a.call("DELETE", path+"/"+policy, "", 204)
	a.call("DELETE", contexts, "", 204)
	a.wantGraphError("DELETE", path+"/"+policy, "", 404, "ResourceNotFound", policy)
}

func TestAppIsInOneUserFlow(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	cli, _ := a.cli()
	const flows = "/identity/authenticationEventsFlows"
	first := text(a.call("POST", flows, flowJSON("a"), 201), "id")
	second := text(a.call("POST", flows, flowJSON("b"), 201), "id")
	a.wantGraphError("POST", flows, flowJSON("A"), 400, "BadRequest", "same display name")
	apps := func(flow string) string { return flows + "/" + flow + "/conditions/applications/includeApplications" }
	a.call("POST", apps(first), `{"appId":"`+cli+`"}`, 201)
	a.wantGraphError("POST", apps(second), `{"appId":"`+cli+`"}`, 400, "BadRequest", "already linked")
	if linked := a.call("GET", apps(first), "", 200)["value"].([]any); len(linked) != 1 {
		t.Errorf("got %v", linked)
	}
	a.call("DELETE", apps(first)+"/"+cli, "", 204)
	a.call("POST", apps(second), `{"appId":"`+cli+`"}`, 201)
	a.call("DELETE", flows+"/"+second, "", 204)
	a.call("POST", apps(first), `{"appId":"`+cli+`"}`, 201)
}

func TestDeletedAppsCanBeRestored(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.setUp("enabled")
	a.signUp()
	app := text(a.call("GET", "/applications(appId='"+a.facts.MidTierID+"')?$select=id", "", 200), "id")
	a.call("DELETE", "/applications/"+app, "", 204)
	a.signIn("openid " + a.facts.EditScope)
	if got := a.response.Get("error_description"); !strings.Contains(got, "AADSTS500011") {
		t.Errorf("the API is deleted: got %v", a.response)
	}
	const deleted = "/directory/deletedItems/microsoft.graph.application"
	if got := a.call("GET", deleted, "", 200)["value"].([]any); len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	a.call("POST", "/directory/deletedItems/"+app+"/restore", "{}", 200)
	a.call("GET", "/applications/"+app, "", 200)
	a.call("DELETE", "/applications/"+app, "", 204)
	a.tenant.FastForward(31 * 24 * time.Hour)
	a.facts.ClientID = graphPS
	a.user.Email, a.user.Password = a.facts.Admin, a.facts.AdminPassword
	a.token = a.adminToken(setUpScopes).AccessToken
	if got := a.call("GET", deleted, "", 200)["value"].([]any); len(got) != 0 {
		t.Errorf("after 31 days: got %v", got)
	}
}

func TestReplicationLagHidesNewObjects(t *testing.T) {
	a := newAdmin(t, sandbox.Config{ReplicationLag: 5 * time.Second}, setUpScopes)
	a.tenant.FreezeClock()
	app := a.call("POST", "/applications", `{"displayName":"x"}`, 201)
	body := `{"appId":"` + text(app, "appId") + `"}`
	a.wantGraphError("GET", "/applications/"+text(app, "id"), "", 404, "Request_ResourceNotFound", "")
	if reason := a.lastAudit("graph").Reason; !strings.Contains(reason, "replication lag") {
		t.Errorf("the audit has the reason %q", reason)
	}
	a.wantGraphError("POST", "/servicePrincipals", body, 400, "Request_BadRequest", "NoBackingApplicationObject")
	if got := a.call("GET", "/applications", "", 200)["value"].([]any); len(got) != 0 {
		t.Errorf("the list has %v", got)
	}
	a.tenant.FastForward(6 * time.Second)
	a.call("GET", "/applications/"+text(app, "id"), "", 200)
	a.call("POST", "/servicePrincipals", body, 201)
	a.wantGraphError("GET", "/servicePrincipals(appId='"+text(app, "appId")+"')", "",
		404, "Request_ResourceNotFound", "")
}

func TestThrottledAdministrationNamesWhenToRetry(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.tenant.FailNext(sandbox.Fault{Part: "graph", Status: http.StatusTooManyRequests, RetryAfter: 3})
	res, _ := a.graphResponse("GET", "/v1.0/applications", a.token, "")
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "3" {
		t.Errorf("got %d %v", res.StatusCode, res.Header)
	}
}

func TestAppOnlyTokenHasTheGrantedRoles(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes+" AppRoleAssignment.ReadWrite.All")
	midTier, principal, secret := a.midTier()
	graph := a.graphPrincipal()
	body := `{"principalId":"` + principal + `","resourceId":"` + graph +
		`","appRoleId":"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"}`
	path := "/servicePrincipals/" + principal + "/appRoleAssignments"
	appOnly := func() string {
		got := a.appOnlyToken(midTier, secret)
		return got.AccessToken
	}
	before := appOnly()
	if status, _ := a.graph("GET", "/v1.0/applications", before, ""); status != http.StatusForbidden {
		t.Errorf("without a role: got %d", status)
	}
	assigned := a.call("POST", path, body, 201)
	a.wantGraphError("POST", path, body, 400, "Request_BadRequest", "already exists")
	if status, got := a.graph("GET", "/v1.0/applications", appOnly(), ""); status != 200 {
		t.Errorf("with the role: got %d %v", status, got)
	}
	a.call("DELETE", path+"/"+text(assigned, "id"), "", 204)
	if status, _ := a.graph("GET", "/v1.0/applications", appOnly(), ""); status != http.StatusForbidden {
		t.Errorf("after the removal: got %d", status)
	}
}

// appOnlyToken returns the response to a request for an app-only token for Graph.
func (a *admin) appOnlyToken(clientID, secret string) result {
	return a.client.token("grant_type", "client_credentials", "client_id", clientID, "client_secret", secret,
		"scope", "https://graph.microsoft.com/.default")
}

func TestSecretsAndCertificatesOfGraphAuthenticate(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	midTier, _, secret := a.midTier()
	app := "/applications(appId='" + midTier + "')"
	if got := a.appOnlyToken(midTier, secret); got.Status != 200 {
		t.Errorf("the secret: got %+v", got)
	}
	a.tenant.FastForward(3 * 365 * 24 * time.Hour)
	a.wantError(a.appOnlyToken(midTier, secret), 401, 7000222)
	a.tenant.ResetClock()
	listed := a.call("GET", app, "", 200)["passwordCredentials"].([]any)[0].(map[string]any)
	if listed["secretText"] != nil || listed["hint"] != secret[:3] {
		t.Errorf("a listed secret is %v", listed)
	}
	a.call("POST", app+"/removePassword", `{"keyId":"`+text(listed, "keyId")+`"}`, 204)
	a.wantError(a.appOnlyToken(midTier, secret), 401, 7000215)
	a.call("PATCH", app, `{"keyCredentials":[{"type":"AsymmetricX509Cert","usage":"Verify","displayName":"c",
		"key":"`+base64.StdEncoding.EncodeToString(newCertificate(t))+`"}]}`, 204)
	keys := a.call("GET", app, "", 200)["keyCredentials"].([]any)
	if len(keys) != 1 || text(keys[0].(map[string]any), "customKeyIdentifier") == "" {
		t.Errorf("got %v", keys)
	}
}

// newCertificate returns a self-signed certificate in DER.
func newCertificate(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mid-tier"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestFederatedCredentialsOfGraphAreUnique(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	midTier, _, _ := a.midTier()
	path := "/applications(appId='" + midTier + "')/federatedIdentityCredentials"
	body := func(name, subject string) string {
		return fmt.Sprintf(`{"name":%q,"issuer":"https://issuer.example","subject":%q,
			"audiences":["api://AzureADTokenExchange"]}`, name, subject)
	}
	id := text(a.call("POST", path, body("ci", "s"), 201), "id")
	a.wantGraphError("POST", path, body("ci", "t"), 409, "Request_MultipleObjectsWithSameKeyValue", "name")
	a.wantGraphError("POST", path, body("cd", "s"), 409, "Request_MultipleObjectsWithSameKeyValue", "subject")
	a.wantGraphError("POST", path, `{"name":"x"}`, 400, "Request_BadRequest", "")
	if got := a.call("GET", path, "", 200)["value"].([]any); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	a.call("DELETE", path+"/"+id, "", 204)
}

func TestExportKeepsWhatGraphCreated(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.setUp("enabled")
	a.signUp()
	file, err := a.tenant.Export(true)
	if err != nil {
		t.Fatal(err)
	}
	to := newClient(t, sandbox.Config{})
	if err := to.tenant.Import(file); err != nil {
		t.Fatal(err)
	}
	if again, err := to.tenant.Export(true); err != nil || string(again) != string(file) {
		t.Errorf("the export of the import differs: %v\n%s\n%s", err, file, again)
	}
	facts := a.facts
	to.facts, to.user = facts, a.user
	to.user.Code = nil
	to.facts.Authority = to.tenant.Facts().Authority
	if got := to.tokens(readScope); got.Status != 200 {
		t.Errorf("the customer of the imported tenant: got %+v", got)
	}
}

func TestAdministratorCanLoseARole(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.call("POST", "/applications", `{"displayName":"x"}`, 201)
	change := control.UserChange{Roles: []string{"Security Reader"}}
	if err := a.tenant.ChangeUser(a.facts.Admin, change); err != nil {
		t.Fatal(err)
	}
	a.wantGraphError("POST", "/applications", `{"displayName":"x"}`, 403, "Authorization_RequestDenied", "")
	change.Roles = []string{"Nobody"}
	if err := a.tenant.ChangeUser(a.facts.Admin, change); err == nil {
		t.Error("an unknown role was accepted")
	}
}

func TestAdministratorSeesTheirRolesAndTheTenant(t *testing.T) {
	roles := []string{"Cloud Application Administrator", "Security Reader"}
	a := newAdmin(t, sandbox.Config{AdminRoles: roles}, "Application.Read.All User.Read")
	var names []string
	held := a.call("GET", "/me/transitiveMemberOf/microsoft.graph.directoryRole", "", 200)["value"].([]any)
	for _, role := range held {
		names = append(names, text(role.(map[string]any), "displayName"))
	}
	if !slices.Equal(names, roles) {
		t.Errorf("got %q", names)
	}
	tenant := a.call("GET", "/organization", "", 200)["value"].([]any)[0].(map[string]any)
	if tenant["id"] != a.facts.TenantID || tenant["tenantType"] != "CIAM" {
		t.Errorf("got %v", tenant)
	}
	if me := a.call("GET", "/me", "", 200); me["userPrincipalName"] != a.facts.Admin {
		t.Errorf("got %v", me)
	}
}
