package graphadmin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const (
	adminID = "5b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10"
	appID   = "6b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10"
)

// newTestAdmin returns the administration of a tenant with an administrator and an app.
func newTestAdmin(t *testing.T) *Admin {
	t.Helper()
	d, err := directory.Open(nil, func() (directory.State, error) {
		global, _ := directory.FindDirectoryRole(globalAdministrator)
		s := directory.State{
			Version:   directory.Version,
			TenantID:  "7b0d7a5b-3f0f-4a39-b4b9-3e2b3b2f4f10",
			Subdomain: "contoso",
			Users:     []directory.User{{ID: adminID, Work: true, Roles: []string{global.ID}}},
			Apps:      []directory.App{{ID: appID, ObjectID: appID, Name: "app"}},
			Microsoft: directory.NewFirstParty(),
		}
		s.Apps[0].Complete()
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Directory: d, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// allScopes returns every permission that a request can need.
func allScopes() (names []string) {
	for _, s := range directory.Graph().Scopes {
		names = append(names, s.Value)
	}
	return names
}

// FuzzServe sends requests with foreign paths and bodies. They must not crash the tenant, and
// must leave a state that can be stored and listed.
func FuzzServe(f *testing.F) {
	const app = "applications/" + appID
	for _, seed := range [][3]string{
		{"POST", "applications", `{"displayName":"x","web":{"redirectUris":["http://localhost"]}}`},
		{"PATCH", app, `{"identifierUris":["api://` + appID + `"],"api":{"oauth2PermissionScopes":[]}}`},
		{"POST", app + "/addPassword", `{"passwordCredential":{"endDateTime":"2030-01-01T00:00:00Z"}}`},
		{"POST", app + "/federatedIdentityCredentials",
			`{"name":"n","issuer":"https://i","subject":"s","audiences":["a"]}`},
		{"POST", "oauth2PermissionGrants",
			`{"clientId":"x","consentType":"Principal","principalId":"y","resourceId":"z","scope":"a b"}`},
		{"POST", "identity/conditionalAccess/policies", `{"displayName":"n","state":"enabled",
			"conditions":{"applications":{"includeApplications":["All"]},"users":{"includeUsers":["All"]}},
			"grantControls":{"operator":"OR","builtInControls":["mfa"]}}`},
		{"PATCH", "identity/conditionalAccess/authenticationContextClassReferences/c1", `{"isAvailable":true}`},
		{"POST", "identity/authenticationEventsFlows",
			`{"@odata.type":"` + flowType + `","displayName":"f","onAttributeCollection":{"a":[1]}}`},
		{"PATCH", "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email",
			`{"state":"enabled"}`},
		{"POST", "identity/userFlowAttributes", `{"displayName":"Loyalty number","dataType":"int64"}`},
		{"POST", app + "/extensionProperties", `{"name":"n","dataType":"LargeInteger","targetObjects":["User"]}`},
		{"DELETE", "identity/userFlowAttributes/city", ``},
		{"DELETE", app, ``},
		{"GET", "applications(())?$filter=(", ``},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		target := "/v1.0/" + strings.TrimPrefix(path, "/")
		r, err := http.NewRequest(method, "https://graph.microsoft.com"+target, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		ctx, _ := audit.With(r.Context())
		a := newTestAdmin(t)
		caller := odata.Caller{ID: adminID, Scopes: allScopes()}
		w := httptest.NewRecorder()
		if _, e := a.Serve(w, r.WithContext(ctx), caller); e != nil && (e.Status < 400 || e.Status >= 500) {
			t.Errorf("%s %s %s: got %+v", method, target, body, e)
		}
		list, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.microsoft.com/v1.0/applications", nil)
		if handled, e := a.Serve(httptest.NewRecorder(), list, caller); !handled || e != nil {
			t.Errorf("the list: got %v %v", handled, e)
		}
	})
}
