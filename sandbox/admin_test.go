package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

const (
	graphPS     = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
	setUpScopes = "Application.ReadWrite.All DelegatedPermissionGrant.ReadWrite.All Policy.Read.All " +
		"Policy.ReadWrite.ConditionalAccess Policy.ReadWrite.AuthenticationMethod EventListener.ReadWrite.All"
	newPassword = "A good password"
)

// admin is the administrator of an empty tenant.
type admin struct {
	*client
	token string
}

// newAdmin starts an empty tenant, in which the administrator has signed in for the scopes.
func newAdmin(t *testing.T, config sandbox.Config, scopes string) *admin {
	t.Helper()
	config.Empty = true
	c := newClient(t, config)
	c.user.Email, c.user.Password = c.facts.Admin, c.facts.AdminPassword
	return &admin{client: c, token: c.adminToken(scopes).AccessToken}
}

// adminToken signs the administrator in at Graph Command Line Tools.
func (c *client) adminToken(scopes string) result {
	c.t.Helper()
	c.facts.ClientID = graphPS
	return c.tokens("openid profile offline_access " + scopes)
}

// call sends a request to Graph and expects a status.
func (a *admin) call(method, path, body string, want int) map[string]any {
	a.t.Helper()
	status, got := a.graph(method, "/v1.0"+path, a.token, body)
	if status != want {
		a.t.Fatalf("%s %s: got %d %v, want %d", method, path, status, got, want)
	}
	return got
}

// id returns a property of an object that is a text.
func text(o map[string]any, name string) string {
	value, _ := o[name].(string)
	return value
}

// midTier registers the mid-tier: app, scope, service principal and secret.
func (a *admin) midTier() (appID, principal, secret string) {
	a.t.Helper()
	app := a.call(http.MethodPost, "/applications", `{"displayName":"mid-tier","signInAudience":"AzureADMyOrg",
		"api":{"requestedAccessTokenVersion":2},"tags":["profilectl:setup:test"],
		"optionalClaims":{"accessToken":[{"name":"acrs","essential":false},{"name":"xms_cc","essential":false}]},
		"requiredResourceAccess":[{"resourceAppId":"`+graphID+`","resourceAccess":[
			{"id":"b4e74841-8e56-480b-be8b-910348b18b4c","type":"Scope"}]}]}`, 201)
	appID = text(app, "appId")
	a.call(http.MethodPatch, "/applications(appId='"+appID+"')", `{"identifierUris":["api://`+appID+`"],
		"api":{"oauth2PermissionScopes":[{"id":"5b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10",
			"value":"EditProfileService.ReadWrite","type":"Admin","isEnabled":true,
			"adminConsentDisplayName":"Edit the profile","adminConsentDescription":"Edit the profile"}]}}`, 204)
	principal = text(a.call(http.MethodPost, "/servicePrincipals", `{"appId":"`+appID+`"}`, 201), "id")
	added := a.call(http.MethodPost, "/applications/"+text(app, "id")+"/addPassword",
		`{"passwordCredential":{"displayName":"mid-tier"}}`, 200)
	return appID, principal, text(added, "secretText")
}

// cli registers the public client.
func (a *admin) cli() (appID, principal string) {
	a.t.Helper()
	appID = text(a.call(http.MethodPost, "/applications", `{"displayName":"cli","isFallbackPublicClient":true,
		"publicClient":{"redirectUris":["http://localhost"]}}`, 201), "appId")
	return appID, text(a.call(http.MethodPost, "/servicePrincipals", `{"appId":"`+appID+`"}`, 201), "id")
}

// grant grants scopes of an API for all users.
func (a *admin) grant(client, resource, scope string) {
	a.t.Helper()
	a.call(http.MethodPost, "/oauth2PermissionGrants", `{"clientId":"`+client+`","consentType":"AllPrincipals",
		"resourceId":"`+resource+`","scope":"`+scope+`"}`, 201)
}

// graphPrincipal returns the id of Microsoft Graph's service principal.
func (a *admin) graphPrincipal() string {
	a.t.Helper()
	return text(a.call(http.MethodGet, "/servicePrincipals(appId='"+graphID+"')?$select=id", "", 200), "id")
}

// setUp registers everything that the scenario needs, with a policy in a state.
func (a *admin) setUp(policyState string) {
	a.t.Helper()
	midTier, midTierSP, secret := a.midTier()
	cli, cliSP := a.cli()
	graph := a.graphPrincipal()
	a.grant(cliSP, graph, "openid profile offline_access User.Read")
	a.grant(cliSP, midTierSP, "EditProfileService.ReadWrite")
	a.grant(midTierSP, graph, "User.ReadWrite")
	a.call(http.MethodPatch, "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email",
		`{"@odata.type":"#microsoft.graph.emailAuthenticationMethodConfiguration","state":"enabled"}`, 204)
	a.call(http.MethodPost, "/identity/conditionalAccess/policies", policyJSON(midTier, policyState), 201)
	flow := text(a.call(http.MethodPost, "/identity/authenticationEventsFlows", flowJSON("Sign up"), 201), "id")
	a.call(http.MethodPost, "/identity/authenticationEventsFlows/"+flow+"/conditions/applications/includeApplications",
		`{"@odata.type":"#microsoft.graph.authenticationConditionApplication","appId":"`+cli+`"}`, 201)
	a.facts.ClientID, a.facts.MidTierID, a.facts.MidTierSecret = cli, midTier, secret
	a.facts.EditScope = "api://" + midTier + "/EditProfileService.ReadWrite"
}

func policyJSON(api, state string) string {
	return fmt.Sprintf(`{"displayName":"MFA","state":%q,
		"conditions":{"clientAppTypes":["all"],"applications":{"includeApplications":[%q]},
			"users":{"includeUsers":["All"]}},
		"grantControls":{"operator":"OR","builtInControls":["mfa"]}}`, state, api)
}

func flowJSON(name string) string {
	return fmt.Sprintf(`{"@odata.type":"#microsoft.graph.externalUsersSelfServiceSignUpEventsFlow","displayName":%q,
		"onAuthenticationMethodLoadStart":{
			"@odata.type":"#microsoft.graph.onAuthenticationMethodLoadStartExternalUsersSelfServiceSignUp",
			"identityProviders":[{"id":"EmailPassword-OAUTH"}]},
		"onInteractiveAuthFlowStart":{
			"@odata.type":"#microsoft.graph.onInteractiveAuthFlowStartExternalUsersSelfServiceSignUp",
			"isSignUpAllowed":true}}`, name)
}

// signUp creates the account of a customer.
func (a *admin) signUp() {
	a.t.Helper()
	a.user.Email, a.user.Password, a.user.SignUp = "new@contoso.example", newPassword, true
	if a.signIn(readScope); a.code() == "" {
		a.t.Fatalf("the customer cannot sign up: %v", a.response)
	}
	a.user.SignUp = false
}

// TestEmptyTenantBecomesWhatGraphCreates sets a tenant up as entra-facts 6.1 does, signs a
// customer up, and edits the profile through the mid-tier.
func TestEmptyTenantBecomesWhatGraphCreates(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.setUp("enabled")
	a.signUp()
	edit := a.tokens("openid profile offline_access " + a.facts.EditScope)
	if edit.Status != 200 || len(a.tenant.Mail("new@contoso.example")) < 2 {
		t.Fatalf("the token for the mid-tier: got %+v", edit)
	}
	exchanged := a.exchange(edit.AccessToken)
	if exchanged.Status != 200 {
		t.Fatalf("the exchange: got %+v", exchanged)
	}
	status, _ := a.graph(http.MethodPatch, "/v1.0/me", exchanged.AccessToken, `{"city":"Aarhus"}`)
	if status != http.StatusNoContent {
		t.Errorf("the edit: got %d", status)
	}
}

func TestReportOnlyPolicyDoesNotEnforce(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.setUp("enabledForReportingButNotEnforced")
	a.signUp()
	got := a.tokens("openid profile offline_access " + a.facts.EditScope)
	if got.Status != 200 || len(a.tenant.Mail("new@contoso.example")) != 1 {
		t.Errorf("got %+v and mail %v", got, a.tenant.Mail(""))
	}
}

func TestEmptyTenantMissesWhatWasNotCreated(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	appID := text(a.call(http.MethodPost, "/applications", `{"displayName":"cli","isFallbackPublicClient":true,
		"publicClient":{"redirectUris":["http://localhost"]}}`, 201), "appId")
	a.facts.ClientID = appID
	if page := a.signIn(readScope); !strings.Contains(page.Text, "AADSTS7000229") {
		t.Errorf("without a service principal: %s", page.Text)
	}
	principal := text(a.call(http.MethodPost, "/servicePrincipals", `{"appId":"`+appID+`"}`, 201), "id")
	a.user.SignUp, a.user.Email, a.user.Password = true, "new@contoso.example", newPassword
	if page := a.signIn(readScope); strings.Contains(page.Text, "Create one") || a.code() != "" {
		t.Errorf("without a user flow: %s", page.Text)
	}
	flow := text(a.call(http.MethodPost, "/identity/authenticationEventsFlows", flowJSON("f"), 201), "id")
	linked := "/identity/authenticationEventsFlows/" + flow + "/conditions/applications/includeApplications"
	a.call(http.MethodPost, linked, `{"appId":"`+appID+`"}`, 201)
	if page := a.signIn(readScope); !strings.Contains(page.Text, "Need admin approval") {
		t.Errorf("without consent: %s", page.Text)
	}
	a.grant(principal, a.graphPrincipal(), "User.Read openid profile offline_access")
	a.user.SignUp = false
	if a.signIn(readScope); a.code() == "" {
		t.Errorf("with everything: %v", a.response)
	}
}

func TestEmailMethodMustBeEnabledForASecondFactor(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	a.setUp("enabled")
	a.signUp()
	a.call(http.MethodPatch, "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email",
		`{"@odata.type":"#microsoft.graph.emailAuthenticationMethodConfiguration","state":"disabled"}`, 204)
	a.signIn("openid " + a.facts.EditScope)
	if got := a.response.Get("error_description"); !strings.Contains(got, "AADSTS50079") {
		t.Errorf("got %v", a.response)
	}
}

func TestAdministratorConsentsAtSignIn(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, "Application.Read.All")
	if got := a.call(http.MethodGet, "/applications", "", 200); len(got["value"].([]any)) != 0 {
		t.Errorf("an empty tenant has %v", got)
	}
	status, got := a.graph(http.MethodPost, "/v1.0/applications", a.token, `{"displayName":"x"}`)
	if status != http.StatusForbidden || !strings.Contains(fmt.Sprint(got), "Authorization_RequestDenied") {
		t.Errorf("without the permission: got %d %v", status, got)
	}
	second := newClient(t, sandbox.Config{Empty: true, AdminRoles: []string{"Security Administrator"}})
	second.user.Email, second.user.Password = second.facts.Admin, second.facts.AdminPassword
	second.facts.ClientID = graphPS
	page := second.signIn("openid Application.Read.All")
	if !strings.Contains(page.Text, "Need admin approval") {
		t.Errorf("a role that may not consent: %s", page.Text)
	}
}

func TestGraphRequiresTheDirectoryRole(t *testing.T) {
	a := newAdmin(t, sandbox.Config{AdminRoles: []string{"Cloud Application Administrator"}}, setUpScopes)
	midTier, _, _ := a.midTier()
	status, got := a.graph(http.MethodPost, "/v1.0/identity/conditionalAccess/policies", a.token,
		policyJSON(midTier, "enabled"))
	if status != http.StatusForbidden {
		t.Errorf("got %d %v", status, got)
	}
	if reason := a.lastAudit("graph").Reason; !strings.Contains(reason, "Conditional Access Administrator") {
		t.Errorf("the audit has the reason %q", reason)
	}
}

func TestGraphListsByTagAndPages(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, setUpScopes)
	for i := range 3 {
		a.call(http.MethodPost, "/applications", fmt.Sprintf(`{"displayName":"a%d","tags":["t%d","all"]}`, i, i%2), 201)
	}
	for filter, want := range map[string]int{
		"tags/any(t:t eq 't0')":                            2,
		"tags/any(t: t eq 'all') and displayName eq 'a1'":  1,
		"startsWith(displayName,'a')":                      3,
		"displayName eq 'a''1'":                            0,
		"not (displayName eq 'a0') or displayName eq 'a0'": 3,
	} {
		got := a.call(http.MethodGet, "/applications?$filter="+url.QueryEscape(filter)+"&$select=id,tags", "", 200)
		if n := len(got["value"].([]any)); n != want {
			t.Errorf("%s: got %d, want %d", filter, n, want)
		}
	}
	first := a.call(http.MethodGet, "/applications?$top=2", "", 200)
	next, err := url.Parse(text(first, "@odata.nextLink"))
	if err != nil || len(first["value"].([]any)) != 2 {
		t.Fatalf("got %v, %v", first, err)
	}
	rest := a.call(http.MethodGet, strings.TrimPrefix(next.RequestURI(), "/v1.0"), "", 200)
	if len(rest["value"].([]any)) != 1 || rest["@odata.nextLink"] != nil {
		t.Errorf("the next page: got %v", rest)
	}
	a.call(http.MethodGet, "/applications?$filter=nonsense", "", 400)
	a.call(http.MethodGet, "/applications?$filter="+url.QueryEscape("tags eq 'x'"), "", 400)
}
