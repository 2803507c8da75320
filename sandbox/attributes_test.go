package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// attributesApp is an app that changes custom attributes for itself.
type attributesApp struct {
	*client
	id, secret string
	token      string
	loyalty    string // property of type string
	newsletter string // boolean
	points     string // int64
	user       string // path of the seeded user in Graph
}

// newAttributesApp starts a tenant with three custom attributes and an app with application
// permissions of Graph.
func newAttributesApp(t *testing.T, config sandbox.Config, roles ...string) *attributesApp {
	t.Helper()
	a := &attributesApp{client: newClient(t, config)}
	for property, attribute := range map[*string]control.Attribute{
		&a.loyalty:    {Name: "LoyaltyNumber", Label: "Loyalty number"},
		&a.newsletter: {Name: "Newsletter", Type: "boolean"},
		&a.points:     {Name: "Points", Type: "int64"},
	} {
		added, err := a.tenant.AddAttribute(attribute)
		if err != nil {
			t.Fatal(err)
		}
		*property = added.Property
	}
	app, err := a.tenant.AddApp(control.App{Name: "attributes", AppRoles: roles, Permissions: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	a.id, a.secret = app.ID, app.Secret
	a.token = a.appToken()
	_, me := a.graph(http.MethodGet, "/v1.0/me?$select=id", a.tokens(readScope).AccessToken, "")
	a.user = "/v1.0/users/" + text(me, "id")
	return a
}

// appToken returns a new access token of the app for itself.
func (a *attributesApp) appToken() string {
	a.t.Helper()
	got := a.client.token("grant_type", "client_credentials", "client_id", a.id, "client_secret", a.secret,
		"scope", graphDefault)
	if got.AccessToken == "" {
		a.t.Fatalf("got %d %s", got.Status, got.Error)
	}
	return got.AccessToken
}

func TestAppsChangeCustomAttributes(t *testing.T) {
	a := newAttributesApp(t, sandbox.Config{}, "User.ReadWrite.All")
	body := fmt.Sprintf(`{%q:"DK-0042",%q:true,%q:9223372036854775807,"city":"Bern"}`,
		a.loyalty, a.newsletter, a.points)
	if status, got := a.graph(http.MethodPatch, a.user, a.token, body); status != http.StatusNoContent {
		t.Fatalf("got %d %v", status, got)
	}
	profile := a.tenant.Profile(a.facts.User)
	for property, want := range map[string]string{
		a.loyalty: "DK-0042", a.newsletter: "true", a.points: "9223372036854775807", "city": "Bern",
	} {
		if got := profile[property]; got == nil || *got != want {
			t.Errorf("%s is %v, want %q", property, got, want)
		}
	}
	read, _ := a.graphTokens()
	names := "?$select=displayName," + strings.ToUpper(a.loyalty) + "," + a.newsletter + "," + a.points
	for path, token := range map[string]string{"/v1.0/me" + names: read, a.user + names: a.token} {
		res, raw := a.graphResponse(http.MethodGet, path, token, "")
		for _, want := range []string{
			`"` + a.loyalty + `":"DK-0042"`, `"` + a.newsletter + `":true`, `"` + a.points + `":9223372036854775807`,
		} {
			if res.StatusCode != http.StatusOK || !strings.Contains(string(raw), want) {
				t.Errorf("%s: got %d %s, want %s", path, res.StatusCode, raw, want)
			}
		}
	}
	cleared := fmt.Sprintf(`{%q:null,%q:null}`, a.loyalty, a.newsletter)
	if status, got := a.graph(http.MethodPatch, a.user, a.token, cleared); status != http.StatusNoContent {
		t.Fatalf("got %d %v", status, got)
	}
	if _, got := a.graph(http.MethodGet, a.user+names, a.token, ""); got[a.loyalty] != nil || got[a.newsletter] != nil {
		t.Errorf("the cleared attributes are still there: %v", got)
	}
}

func TestGraphRejectsCustomAttributes(t *testing.T) {
	a := newAttributesApp(t, sandbox.Config{}, "User.ReadWrite.All")
	_, write := a.graphTokens()
	unknown := "extension_0123456789abcdef0123456789abcdef_Color"
	const (
		bad     = "Request_BadRequest"
		denied  = "Authorization_RequestDenied"
		missing = "Request_ResourceNotFound"
	)
	for _, row := range []struct {
		name, path, token, body string
		status                  int
		code, part              string
	}{
		{"by the user", "/v1.0/me", write, `{"` + a.loyalty + `":"1"}`, 403, denied, ""},
		{"by the user, unknown", "/v1.0/me", write, `{"` + unknown + `":"1"}`, 403, denied, ""},
		{"an unknown attribute", a.user, a.token, `{"` + unknown + `":"1"}`, 400, bad,
			"The following extension properties are not available: " + unknown + "."},
		{"text for a boolean", a.user, a.token, `{"` + a.newsletter + `":"true"}`, 400, bad, a.newsletter},
		{"a number for a text", a.user, a.token, `{"` + a.loyalty + `":42}`, 400, bad, a.loyalty},
		{"a fraction", a.user, a.token, `{"` + a.points + `":1.5}`, 400, bad, a.points},
		{"an exponent", a.user, a.token, `{"` + a.points + `":1e3}`, 400, bad, a.points},
		{"over 63 bits", a.user, a.token, `{"` + a.points + `":9223372036854775808}`, 400, bad, a.points},
		{"an object", a.user, a.token, `{"` + a.loyalty + `":{}}`, 400, bad, a.loyalty},
		{"an empty text", a.user, a.token, `{"` + a.loyalty + `":""}`, 400, bad, a.loyalty},
		{"251 characters", a.user, a.token, `{"` + a.loyalty + `":"` + strings.Repeat("a", 251) + `"}`, 400, bad,
			a.loyalty},
		{"an unknown user", "/v1.0/users/" + a.id, a.token, `{"` + a.loyalty + `":"1"}`, 404, missing, a.id},
		{"me without a user", "/v1.0/me", a.token, `{"` + a.loyalty + `":"1"}`, 400, "BadRequest", "delegated"},
		{"the roles of a user", a.user, a.token, `{"accountEnabled":false}`, 403, denied, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, got := a.graph(http.MethodPatch, row.path, row.token, row.body)
			if status != row.status || graphCode(got) != row.code || !strings.Contains(fmt.Sprint(got), row.part) {
				t.Errorf("got %d %v, want %d %s %q", status, got, row.status, row.code, row.part)
			}
		})
	}
	for property := range a.tenant.Profile(a.facts.User) {
		if strings.HasPrefix(property, "extension_") {
			t.Errorf("%s was stored", property)
		}
	}
}

func TestAppsNeedApplicationPermissions(t *testing.T) {
	for _, row := range []struct {
		roles       []string
		read, write int
	}{
		{nil, 403, 403},
		{[]string{"User.Read.All"}, 200, 403},
		{[]string{"Application.ReadWrite.All"}, 403, 403},
		{[]string{"User.ReadWrite.All"}, 200, 204},
	} {
		t.Run(strings.Join(row.roles, " "), func(t *testing.T) {
			a := newAttributesApp(t, sandbox.Config{}, append([]string{"Directory.Read.All"}, row.roles...)...)
			// An app must have a permission when it is added here, and loses it before its token.
			change := control.AppChange{AppRoles: append([]string{}, row.roles...)}
			if err := a.tenant.ChangeApp(a.id, change); err != nil {
				t.Fatal(err)
			}
			token := a.appToken()
			if status, got := a.graph(http.MethodGet, a.user, token, ""); status != row.read {
				t.Errorf("read: got %d %v, want %d", status, got, row.read)
			}
			status, got := a.graph(http.MethodPatch, a.user, token, `{"`+a.loyalty+`":"1"}`)
			if status != row.write || status == 403 && graphCode(got) != "Authorization_RequestDenied" {
				t.Errorf("write: got %d %v, want %d", status, got, row.write)
			}
		})
	}
}

func TestCustomAttributesSurviveAnExport(t *testing.T) {
	a := newAttributesApp(t, sandbox.Config{}, "User.ReadWrite.All")
	body := fmt.Sprintf(`{%q:"DK-0042",%q:false,%q:-7}`, a.loyalty, a.newsletter, a.points)
	if status, got := a.graph(http.MethodPatch, a.user, a.token, body); status != http.StatusNoContent {
		t.Fatalf("got %d %v", status, got)
	}
	exported, err := a.tenant.Export(true)
	if err != nil {
		t.Fatal(err)
	}
	copied := newClient(t, sandbox.Config{Seed: exported})
	if got := fmt.Sprint(copied.tenant.Attributes()); got != fmt.Sprint(a.tenant.Attributes()) {
		t.Errorf("got %s", got)
	}
	b := *a
	b.client = copied
	b.token = b.appToken()
	status, got := b.graph(http.MethodGet, a.user+"?$select="+a.loyalty+","+a.newsletter+","+a.points, b.token, "")
	if status != 200 || got[a.loyalty] != "DK-0042" || got[a.newsletter] != false || got[a.points] != -7.0 {
		t.Errorf("got %d %v", status, got)
	}
	if err := copied.tenant.RemoveAttribute(a.points); err != nil {
		t.Fatal(err)
	}
	if _, kept := copied.tenant.Profile(a.facts.User)[a.points]; kept {
		t.Error("the value of a removed attribute was kept")
	}
}
