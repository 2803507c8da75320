package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/control"
)

// controlClient returns a client of the tenant's control API.
func controlClient(t *testing.T, tenant *Tenant) *control.Client {
	t.Helper()
	const key = "control-key"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = tenant.Facts().TenantID + ".ciamlogin.com"
		tenant.Control(key).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return &control.Client{URL: server.URL + "/control", Key: key, HTTP: server.Client()}
}

func TestControlAddsOtherThreeTierSystems(t *testing.T) {
	tenant, err := New(Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	c := controlClient(t, tenant)
	api, err := c.AddApp(t.Context(), control.App{
		Name:        "orders-api",
		Scopes:      []string{"Orders.Read"},
		AppIDURI:    "api://orders",
		Permissions: []string{"User.ReadWrite"},
	})
	if err != nil || api.ID == "" || api.Secret == "" {
		t.Fatalf("%+v, %v", api, err)
	}
	_, err = c.AddApp(t.Context(), control.App{
		Name:            "orders-spa",
		SPARedirectURIs: []string{"http://localhost:5173/"},
		Permissions:     []string{"api://orders/orders.read"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.AddPolicy(t.Context(), control.Policy{
		Name:     "MFA for orders",
		On:       true,
		APIs:     []string{"api://orders"},
		Contexts: []string{"c3"},
	})
	if err != nil || p.APIs[0] != api.ID {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := c.SwitchPolicy(t.Context(), p.ID, false); err != nil {
		t.Fatal(err)
	}
	policies, err := c.Policies(t.Context())
	if err != nil || len(policies) != 2 || policies[1].On {
		t.Fatalf("%+v, %v", policies, err)
	}
	if err := c.RemovePolicy(t.Context(), p.ID); err != nil {
		t.Error(err)
	}
	if err := c.RemovePolicy(t.Context(), policies[0].ID); err == nil {
		t.Error("the seeded policy was removed")
	}
	apps, err := c.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(apps[len(apps)-1].Permissions, " "); got != "api://orders/Orders.Read" {
		t.Errorf("permissions of the SPA: %q", got)
	}
}

func TestControlRejectsInvalidAppsAndPolicies(t *testing.T) {
	tenant, err := New(Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	c := controlClient(t, tenant)
	for name, app := range map[string]control.App{
		"no name":            {RedirectURIs: []string{"http://localhost"}},
		"nothing to do":      {Name: "x"},
		"bad redirect URI":   {Name: "x", SPARedirectURIs: []string{"http://shop.example"}},
		"bad scope":          {Name: "x", Scopes: []string{"a b"}},
		"bad App ID URI":     {Name: "x", Scopes: []string{"a"}, AppIDURI: "orders"},
		"unknown permission": {Name: "x", Scopes: []string{"a"}, Permissions: []string{"Mail.Read"}},
		"unknown version":    {Name: "x", Scopes: []string{"a"}, TokenVersion: 3},
	} {
		if _, err := c.AddApp(t.Context(), app); err == nil {
			t.Errorf("app with %s: accepted", name)
		}
	}
	for name, p := range map[string]control.Policy{
		"no name":         {Contexts: []string{"c1"}},
		"no target":       {Name: "x"},
		"unknown API":     {Name: "x", APIs: []string{"api://nowhere"}},
		"invalid context": {Name: "x", Contexts: []string{"c100"}},
	} {
		if _, err := c.AddPolicy(t.Context(), p); err == nil {
			t.Errorf("policy with %s: accepted", name)
		}
	}
	if n := len(tenant.apps()) + len(tenant.Policies()); n != 4 {
		t.Errorf("%d apps and policies, want the 4 seeded ones", n)
	}
}
