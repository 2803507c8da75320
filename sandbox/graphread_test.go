package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
)

func TestGraphReads(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	status, me := c.graph(http.MethodGet, "/v1.0/me", read, "")
	if _, selected := me["city"]; status != 200 || me["displayName"] != "Casey Jensen" || me["mail"] != nil ||
		selected || len(me) != 12 {
		t.Errorf("by default: got %d %v", status, me)
	}
	status, me = c.graph(http.MethodGet, "/v1.0/me?$select=city,identities", read, "")
	if status != 200 || me["city"] != "Copenhagen" || len(me) != 3 {
		t.Errorf("selected: got %d %v", status, me)
	}
	const context = "https://graph.microsoft.com/v1.0/$metadata#users(city,identities)/$entity"
	if me["@odata.context"] != context {
		t.Errorf("context: got %v, want %s", me["@odata.context"], context)
	}
}

func TestGraphReadsEveryDocumentedProperty(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	names := "aboutMe,accountEnabled,ageGroup,assignedLicenses,assignedPlans,authorizationInfo,birthday," +
		"businessPhones,city,companyName,consentProvidedForMinor,country,createdDateTime,creationType," +
		"deletedDateTime,department,displayName,employeeHireDate,employeeId,employeeOrgData,employeeType," +
		"externalUserState,externalUserStateChangeDateTime,faxNumber,givenName,hireDate,id,identities," +
		"imAddresses,interests,isManagementRestricted,isResourceAccount,jobTitle,lastPasswordChangeDateTime," +
		"legalAgeGroupClassification,licenseAssignmentStates,mail,mailNickname,mobilePhone,mySite," +
		"officeLocation,onPremisesDistinguishedName,onPremisesDomainName,onPremisesExtensionAttributes," +
		"onPremisesImmutableId,onPremisesLastSyncDateTime,onPremisesProvisioningErrors," +
		"onPremisesSamAccountName,onPremisesSecurityIdentifier,onPremisesSyncEnabled," +
		"onPremisesUserPrincipalName,otherMails,passwordPolicies,passwordProfile,pastProjects,postalCode," +
		"preferredDataLocation,preferredLanguage,preferredName,provisionedPlans,proxyAddresses," +
		"refreshTokensValidFromDateTime,responsibilities,schools,securityIdentifier,serviceProvisioningErrors," +
		"showInAddressList,signInSessionsValidFromDateTime,skills,state,streetAddress,surname,usageLocation," +
		"userPrincipalName,userType"
	for name := range strings.SplitSeq(names, ",") {
		status, me := c.graph(http.MethodGet, "/v1.0/me?$select="+name, read, "")
		if _, found := me[name]; status != 200 || !found || len(me) != 2 {
			t.Errorf("%s: got %d %v", name, status, me)
		}
	}
}

func TestGraphQueryOptions(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, write := c.graphTokens()
	const (
		malformed = "BadRequest"
		rejected  = "Request_BadRequest"
	)
	for _, row := range []struct {
		query  string
		status int
		code   string
	}{
		{"$select=DisplayName", 200, ""},
		{"$SELECT=displayName", 200, ""},
		{"%24select=displayName%2Ccity", 200, ""},
		{"$select=displayName, city", 200, ""},
		{"$select=*", 200, ""},
		{"$select=", 200, ""},
		{"$select=extension_0123456789abcdef0123456789abcdef_Color", 200, ""},
		{"$select=manager", 200, ""},
		{"$select=shoeSize", 400, malformed},
		{"$select=city,,state", 400, malformed},
		{"$select=city/name", 400, malformed},
		{"$select=city&$select=state", 400, malformed},
		{"$select=signInActivity", 403, "Authorization_RequestDenied"},
		{"$expand=manager", 200, ""},
		{"$expand=memberOf($select=id)", 200, ""},
		{"$expand=photo", 400, "ExpandNotSupported"},
		{"$expand=messages", 400, "ExpandNotSupported"},
		{"$expand=displayName", 400, malformed},
		{"$expand=shoes", 400, malformed},
		{"$expand=manager,memberOf", 400, malformed},
		{"$filter=city eq 'Bern'", 400, rejected},
		{"$top=1", 400, rejected},
		{"$count=true", 400, rejected},
		{"$orderby=city", 400, rejected},
		{`$search="x"`, 400, rejected},
		{"$shoes=1", 400, malformed},
		{"$format=json", 200, ""},
		{"$format=atom", 406, "notSupported"},
		{"select=city", 200, ""},
		{"api-version=1", 200, ""},
	} {
		status, members := c.graph(http.MethodGet, "/v1.0/me?"+strings.ReplaceAll(row.query, " ", "%20"), read, "")
		if code := graphCode(members); status != row.status || code != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.query, status, code, row.status, row.code)
		}
	}
	if status, _ := c.graph(http.MethodPatch, "/v1.0/me?$select=city", write, `{"city":"Bern"}`); status != 400 {
		t.Errorf("PATCH with a query option: got %d", status)
	}
}

func TestGraphPaths(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	_, me := c.graph(http.MethodGet, "/v1.0/me", read, "")
	id, _ := me["id"].(string)
	other := c.otherUser()
	for _, row := range []struct {
		path   string
		status int
		code   string
	}{
		{"/V1.0/Me", 200, ""},
		{"/v1.0/me/", 200, ""},
		{"/v1.0//me", 200, ""},
		{"/beta/me", 200, ""},
		{"/v1.0/users/" + id, 200, ""},
		{"/v1.0/Users/" + strings.ToUpper(id), 200, ""},
		{"/v1.0/users/" + id + "%40contoso.onmicrosoft.com", 200, ""},
		{"/v1.0/users('" + id + "@contoso.onmicrosoft.com')", 200, ""},
		{"/v1.0/users/" + other, 403, "Authorization_RequestDenied"},
		{"/v1.0/users/" + other + "@contoso.onmicrosoft.com", 403, "Authorization_RequestDenied"},
		{"/v1.0/users/" + c.facts.User, 404, "Request_ResourceNotFound"},
		{"/v1.0/users/nobody", 404, "Request_ResourceNotFound"},
		{"/v1.0/users", 403, "Authorization_RequestDenied"},
		{"/v1.0/groups", 403, "Authorization_RequestDenied"},
		{"/v1.0/me/memberOf", 403, "Authorization_RequestDenied"},
		{"/v1.0/me/photo/$value", 404, "ImageNotFound"},
		{"/v1.0/me/mailboxSettings", 403, "Authorization_RequestDenied"},
		{"/v1.0/me/shoes", 400, "BadRequest"},
		{"/v1.0/me/city/shoes", 400, "BadRequest"},
		{"/v1.0/shoes", 400, "BadRequest"},
		{"/v1.0/me/DisplayName", 200, ""},
		{"/v1.0/me/shoes/$value", 400, "BadRequest"},
		{"/v1.0/me/identities/$value", 400, "BadRequest"},
	} {
		status, members := c.graph(http.MethodGet, row.path, read, "")
		if code := graphCode(members); status != row.status || code != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.path, status, code, row.status, row.code)
		}
	}
}

// otherUser adds an account and returns its object id.
func (c *client) otherUser() (id string) {
	c.t.Helper()
	const email, password = "other@contoso.example", "correct horse Battery 9"
	if err := c.tenant.AddUser(email, password, "Other"); err != nil {
		c.t.Fatal(err)
	}
	other := *c
	other.user.Email, other.user.Password = email, password
	_, me := other.graph(http.MethodGet, "/v1.0/me", other.tokens(readScope).AccessToken, "")
	id, _ = me["id"].(string)
	return id
}

func TestGraphReadsSingleProperties(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	status, members := c.graph(http.MethodGet, "/v1.0/me/displayname", read, "")
	context, _ := members["@odata.context"].(string)
	if status != 200 || members["value"] != "Casey Jensen" || !strings.HasSuffix(context, "')/displayName") {
		t.Errorf("got %d %v", status, members)
	}
	if res, raw := c.graphResponse(http.MethodGet, "/v1.0/me/displayName/$value", read, ""); res.StatusCode != 200 ||
		string(raw) != "Casey Jensen" {
		t.Errorf("raw: got %d %s", res.StatusCode, raw)
	}
	if status, _ := c.graph(http.MethodGet, "/v1.0/me/mobilePhone", read, ""); status != 204 {
		t.Errorf("null: got %d", status)
	}
}

func TestGraphBetaReturnsAllProperties(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, write := c.graphTokens()
	status, me := c.graph(http.MethodGet, "/beta/me", read, "")
	if status != 200 || me["city"] != "Copenhagen" ||
		me["@odata.context"] != "https://graph.microsoft.com/beta/$metadata#users/$entity" {
		t.Errorf("got %d %v", status, me)
	}
	if _, me = c.graph(http.MethodGet, "/beta/me?select=city", read, ""); len(me) != 2 {
		t.Errorf("an option without $: got %v", me)
	}
	if status, _ = c.graph(http.MethodPatch, "/beta/me", write, `{"city":"Bern"}`); status != 204 {
		t.Errorf("PATCH: got %d", status)
	}
}

func TestGraphMethods(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, write := c.graphTokens()
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{http.MethodPut, "/v1.0/me", 405},
		{http.MethodPost, "/v1.0/me", 405},
		{http.MethodHead, "/v1.0/me", 405},
		{http.MethodDelete, "/v1.0/me", 403},
		{http.MethodPatch, "/v1.0/me/displayName", 405},
		{http.MethodPost, "/v1.0/users", 403},
		{http.MethodPost, "/v1.0/me/changePassword", 403},
		{http.MethodPut, "/oidc/userinfo", 405},
	} {
		res, _ := c.graphResponse(row.method, row.path, write, "")
		if res.StatusCode != row.status {
			t.Errorf("%s %s: got %d, want %d", row.method, row.path, res.StatusCode, row.status)
		}
	}
}

func TestGraphHeaders(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	const id = "5f0d3c7e-0000-4000-8000-000000000000"
	res, _ := c.graphResponse(http.MethodGet, "/v1.0/me", read, "", "client-request-id", id)
	for name, want := range map[string]string{
		"client-request-id":         id,
		"OData-Version":             "4.0",
		"Strict-Transport-Security": "max-age=31536000",
		"x-ms-resource-unit":        "1",
		"Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;" +
			"IEEE754Compatible=false;charset=utf-8",
	} {
		if got := strings.Join(res.Header.Values(name), ", "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if vary := res.Header.Values("Vary"); !slices.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: got %v", vary)
	}
	if res, _ = c.graphResponse(http.MethodGet, "/v1.0/me", "", ""); res.StatusCode != 401 ||
		!strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("no token: got %d %v", res.StatusCode, res.Header)
	}
	for accept, status := range map[string]int{
		"application/json;odata.metadata=none": 200,
		"text/html, */*;q=0.8":                 200,
		"application/xml":                      406,
	} {
		if res, _ := c.graphResponse(http.MethodGet, "/v1.0/me", read, "", "Accept", accept); res.StatusCode != status {
			t.Errorf("Accept %s: got %d, want %d", accept, res.StatusCode, status)
		}
	}
}

// A browser would apply the header to every port of localhost, also to the http pages.
func TestGraphSendsNoHSTSForLocalhost(t *testing.T) {
	c := newLocalClient(t)
	res, _ := c.graphResponse(http.MethodGet, "/v1.0/me", "", "")
	if got := res.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestGraphRejectsInvalidTokens(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	read, _ := c.graphTokens()
	edit := c.tokens("openid " + c.facts.EditScope).AccessToken
	message := func(token string) string {
		_, members := c.graph(http.MethodGet, "/v1.0/me", token, "")
		e, _ := members["error"].(map[string]any)
		text, _ := e["message"].(string)
		return text
	}
	for token, want := range map[string]string{
		"":       "Access token is empty.",
		"secret": "CompactToken parsing failed with error code: 80049217",
		edit:     "Access token validation failure. Invalid audience.",
	} {
		if got := message(token); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	c.tenant.FastForward(2 * time.Hour)
	if got := message(read); got != "Lifetime validation failed, the token is expired." {
		t.Errorf("expired: got %q", got)
	}
}
