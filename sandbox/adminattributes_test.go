package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const (
	attributeScopes  = setUpScopes + " IdentityUserFlow.ReadWrite.All"
	attributesPath   = "/identity/userFlowAttributes"
	collectedSegment = "/microsoft.graph.externalUsersSelfServiceSignUpEventsFlow/onAttributeCollection" +
		"/microsoft.graph.onAttributeCollectionExternalUsersSelfServiceSignUp/attributes"
)

// extensionsPath returns the path of the directory extensions of the app that owns the
// attributes of sign-up pages.
func (a *admin) extensionsPath() string {
	a.t.Helper()
	filter := url.QueryEscape("startsWith(displayName,'b2c-extensions-app')")
	found := values(a.call("GET", "/applications?$filter="+filter, "", 200))
	if len(found) != 1 {
		a.t.Fatalf("got %v", found)
	}
	return "/applications/" + text(found[0], "id") + "/extensionProperties"
}

// values returns the objects of a collection.
func values(collection map[string]any) (all []map[string]any) {
	list, _ := collection["value"].([]any)
	for _, one := range list {
		o, _ := one.(map[string]any)
		all = append(all, o)
	}
	return all
}

func TestGraphManagesAttributesOfUserFlows(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, attributeScopes)
	builtIn := values(a.call("GET", attributesPath, "", 200))
	if len(builtIn) != 10 || builtIn[0]["id"] != "city" || builtIn[0]["userFlowAttributeType"] != "builtIn" {
		t.Errorf("got %v", builtIn)
	}
	added := a.call("POST", attributesPath,
		`{"displayName":"Loyalty number","description":"Yours","dataType":"int64"}`, 201)
	id := text(added, "id")
	if !strings.HasPrefix(id, "extension_") || !strings.HasSuffix(id, "_Loyaltynumber") ||
		added["userFlowAttributeType"] != "custom" || added["dataType"] != "int64" || added["description"] != "Yours" {
		t.Errorf("got %v", added)
	}
	a.wantGraphError("POST", attributesPath, `{"displayName":"LOYALTY NUMBER","dataType":"string"}`,
		400, "BadRequest", "already exists")
	a.call("PATCH", attributesPath+"/"+id, `{"description":"New"}`, 204)
	got := a.call("GET", attributesPath+"/"+strings.ToUpper(id), "", 200)
	if got["description"] != "New" || got["displayName"] != "Loyalty number" {
		t.Errorf("got %v", got)
	}
	extensions := values(a.call("GET", a.extensionsPath(), "", 200))
	if len(extensions) != 1 || extensions[0]["name"] != id || extensions[0]["dataType"] != "LargeInteger" {
		t.Errorf("got %v", extensions)
	}
	filter := url.QueryEscape("userFlowAttributeType eq 'custom'")
	if custom := values(a.call("GET", attributesPath+"?$filter="+filter, "", 200)); len(custom) != 1 {
		t.Errorf("got %v", custom)
	}
	a.call("DELETE", attributesPath+"/"+id, "", 204)
	a.wantGraphError("GET", attributesPath+"/"+id, "", 404, "ResourceNotFound", "")
	if left := values(a.call("GET", a.extensionsPath(), "", 200)); len(left) != 0 {
		t.Errorf("got %v", left)
	}
}

func TestUserFlowsCollectAttributes(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, attributeScopes)
	a.setUp("enabled")
	flow := values(a.call("GET", "/identity/authenticationEventsFlows", "", 200))[0]
	collected := "/identity/authenticationEventsFlows/" + text(flow, "id") + collectedSegment
	id := text(a.call("POST", attributesPath, `{"displayName":"Loyalty number","dataType":"string"}`, 201), "id")
	reference := func(id string) string {
		return `{"@odata.id":"https://graph.microsoft.com/v1.0/identity/userFlowAttributes/` + id + `"}`
	}
	signUpPage := func() string {
		_, page := a.open(newJar(t), http.MethodGet, a.authorizeURL(readScope, "prompt", "create"), nil)
		return page
	}
	a.call("POST", collected+"/$ref", reference("city"), 204)
	a.call("POST", collected+"/$ref", reference(id), 204)
	a.wantGraphError("POST", collected+"/$ref", reference(id), 400, "BadRequest", "already")
	a.wantGraphError("POST", collected+"/$ref", reference("shoeSize"), 404, "ResourceNotFound", "")
	a.wantGraphError("POST", collected+"/$ref", `{"@odata.id":"city"}`, 400, "BadRequest", "@odata.id")
	if page := signUpPage(); !strings.Contains(page, ">Loyalty number") || !strings.Contains(page, ">City") {
		t.Errorf("the page does not ask for the attributes: %s", page)
	}
	if all := values(a.call("GET", collected, "", 200)); len(all) != 2 || all[1]["id"] != id {
		t.Errorf("got %v", all)
	}
	a.call("DELETE", collected+"/city/$ref", "", 204)
	a.wantGraphError("DELETE", collected+"/city/$ref", "", 404, "ResourceNotFound", "")
	a.call("DELETE", attributesPath+"/"+id, "", 204)
	if page := signUpPage(); strings.Contains(page, ">Loyalty number") || strings.Contains(page, ">City") {
		t.Errorf("the page asks for removed attributes: %s", page)
	}
}

func TestGraphManagesDirectoryExtensions(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, attributeScopes)
	app := a.call("POST", "/applications", `{"displayName":"shop"}`, 201)
	path := "/applications(appId='" + text(app, "appId") + "')/extensionProperties"
	const body = `{"name":"Points","dataType":"LargeInteger","targetObjects":["User"]}`
	added := a.call("POST", path, body, 201)
	name := "extension_" + strings.ReplaceAll(text(app, "appId"), "-", "") + "_Points"
	context := "https://graph.microsoft.com/v1.0/$metadata#applications('" + text(app, "id") +
		"')/extensionProperties/$entity"
	if added["name"] != name || added["appDisplayName"] != "shop" || added["@odata.context"] != context ||
		added["isMultiValued"] != false || added["isSyncedFromOnPremises"] != false {
		t.Errorf("got %v", added)
	}
	a.wantGraphError("POST", path, body, 409, "Request_MultipleObjectsWithSameKeyValue",
		"An extension property exists with the name "+name+".")
	one := "/applications/" + text(app, "id") + "/extensionProperties/" + text(added, "id")
	if got := a.call("GET", one, "", 200); got["name"] != name {
		t.Errorf("got %v", got)
	}
	if custom := values(a.call("GET", attributesPath, "", 200)); len(custom) != 10 {
		t.Errorf("an extension of another app is an attribute of user flows: %v", custom)
	}
	a.call("DELETE", one, "", 204)
	a.wantGraphError("DELETE", one, "", 404, "Request_ResourceNotFound", text(added, "id"))
}

func TestGraphRejectsInvalidAttributeDefinitions(t *testing.T) {
	a := newAdmin(t, sandbox.Config{}, attributeScopes)
	extensions := "/applications/" + text(a.call("POST", "/applications", `{"displayName":"shop"}`, 201), "id") +
		"/extensionProperties"
	for _, row := range []struct{ method, path, body, part string }{
		{"POST", attributesPath, `{"dataType":"string"}`, "displayName"},
		{"POST", attributesPath, `{"displayName":" ","dataType":"string"}`, "displayName"},
		{"POST", attributesPath, `{"displayName":"Größe","dataType":"string"}`, "displayName"},
		{"POST", attributesPath, `{"displayName":"a-b","dataType":"string"}`, "displayName"},
		{"POST", attributesPath, `{"displayName":"a"}`, "dataType"},
		{"POST", attributesPath, `{"displayName":"a","dataType":"dateTime"}`, "dataType"},
		{"POST", attributesPath, `{"displayName":1,"dataType":"string"}`, "Cannot convert"},
		{"POST", attributesPath, `{"displayName":"a","dataType":"string","color":"red"}`, "color"},
		{"PATCH", attributesPath + "/city", `{"description":"x"}`, "built-in"},
		{"DELETE", attributesPath + "/city", "", "built-in"},
		{"POST", extensions, `{"dataType":"String","targetObjects":["User"]}`, "name"},
		{"POST", extensions, `{"name":"a b","dataType":"String","targetObjects":["User"]}`, "name"},
		{"POST", extensions, `{"name":"a","dataType":"string","targetObjects":["User"]}`, "dataType"},
		{"POST", extensions, `{"name":"a","dataType":"Binary","targetObjects":["User"]}`, "dataType"},
		{"POST", extensions, `{"name":"a","dataType":"String","isMultiValued":true,"targetObjects":["User"]}`,
			"dataType"},
		{"POST", extensions, `{"name":"a","dataType":"String"}`, "targetObjects"},
		{"POST", extensions, `{"name":"a","dataType":"String","targetObjects":["Group"]}`, "targetObjects"},
	} {
		code := "BadRequest"
		if row.path == extensions || row.part == "color" {
			code = "Request_BadRequest"
		}
		a.wantGraphError(row.method, row.path, row.body, 400, code, row.part)
	}
	if all := a.tenant.Attributes(); len(all) != 0 {
		t.Errorf("got %v", all)
	}
}

func TestAttributeDefinitionsNeedPermissionAndRole(t *testing.T) {
	const body = `{"displayName":"Diet","dataType":"string"}`
	a := newAdmin(t, sandbox.Config{}, setUpScopes+" AppRoleAssignment.ReadWrite.All")
	a.wantGraphError("GET", attributesPath, "", 403, "Authorization_RequestDenied", "")
	app, principal, secret := a.midTier()
	a.call("POST", "/servicePrincipals/"+principal+"/appRoleAssignments", `{"principalId":"`+principal+
		`","resourceId":"`+a.graphPrincipal()+`","appRoleId":"65319a09-a2be-469d-8782-f6b07debf789"}`, 201)
	token := a.appOnlyToken(app, secret).AccessToken
	if status, got := a.graph("POST", "/v1.0"+attributesPath, token, body); status != 201 {
		t.Errorf("an app with the permission: got %d %v", status, got)
	}
	for role, want := range map[string]int{
		"External ID User Flow Administrator":           403,
		"External ID User Flow Attribute Administrator": 201,
	} {
		b := newAdmin(t, sandbox.Config{}, attributeScopes)
		if err := b.tenant.ChangeUser(b.facts.Admin, control.UserChange{Roles: []string{role}}); err != nil {
			t.Fatal(err)
		}
		if status, got := b.graph("POST", "/v1.0"+attributesPath, b.token, body); status != want {
			t.Errorf("%s: got %d %v, want %d", role, status, got, want)
		}
	}
}

func TestReplicationLagHidesNewAttributes(t *testing.T) {
	a := newAdmin(t, sandbox.Config{ReplicationLag: 5 * time.Second}, attributeScopes)
	a.tenant.FreezeClock()
	id := text(a.call("POST", attributesPath, `{"displayName":"Diet","dataType":"string"}`, 201), "id")
	a.wantGraphError("GET", attributesPath+"/"+id, "", 404, "ResourceNotFound", "")
	a.wantGraphError("DELETE", attributesPath+"/"+id, "", 404, "ResourceNotFound", "")
	a.tenant.FastForward(6 * time.Second)
	a.call("GET", attributesPath+"/"+id, "", 200)
}
