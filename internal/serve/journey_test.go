package serve_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// TestAttributesInATenant changes custom attributes in the sandbox, whose tenant has the
// definitions, the second registration and its permission.
func TestAttributesInATenant(t *testing.T) {
	dir := t.TempDir()
	var app control.App
	var loyalty, newsletter string
	var settings serve.Settings
	w := newWorldWith(t, func(tenant *sandbox.Tenant, s *serve.Settings) {
		var err error
		if app, err = tenant.AddApp(control.App{
			Name:        "attributes",
			AppRoles:    []string{"User.ReadWrite.All"},
			Permissions: []string{},
		}); err != nil {
			t.Fatal(err)
		}
		loyalty = addAttribute(t, tenant, control.Attribute{Name: "LoyaltyNumber"})
		newsletter = addAttribute(t, tenant, control.Attribute{Name: "Newsletter", Type: "boolean"})
		file, secret := filepath.Join(dir, "attributes.yaml"), filepath.Join(dir, "secret")
		writeText(t, secret, app.Secret)
		writeText(t, file, fmt.Sprintf(`attributes:
- {name: %s, label: Loyalty number, type: string, edit: true, clear: true}
- {name: %s, label: Newsletter, type: boolean, edit: true}
`, loyalty, newsletter))
		s.Attributes = serve.AttributesSettings{
			File:       file,
			ClientID:   app.ID,
			Credential: serve.CredentialSettings{SecretFile: secret},
		}
		s.Listen = serve.ListenSettings{Public: "localhost:0", Admin: "localhost:0"}
		settings = *s
	})
	body := fmt.Sprintf(`{"city":"Turin",%q:"4711",%q:true}`, loyalty, newsletter)
	if res := w.post(body, w.weak); res.Code != http.StatusUnauthorized {
		t.Errorf("without a second factor: got %d %s", res.Code, res.Body)
	}
	if res := w.post(body, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	profile := w.tenant.Profile(w.tenant.Facts().User)
	for property, want := range map[string]string{"city": "Turin", loyalty: "4711", newsletter: "true"} {
		if got := profile[property]; got == nil || *got != want {
			t.Errorf("%s is %v, want %s", property, got, want)
		}
	}
	if err := attributesCheck(t, settings); err != "" {
		t.Errorf("the check failed: %s", err)
	}
	if err := w.tenant.ChangeApp(app.ID, control.AppChange{AppRoles: []string{"User.Read.All"}}); err != nil {
		t.Fatal(err)
	}
	if err := attributesCheck(t, settings); !strings.Contains(err, "Authorization_RequestDenied") {
		t.Errorf("without the permission, the check says %q", err)
	}
}

func addAttribute(t *testing.T, tenant *sandbox.Tenant, a control.Attribute) (property string) {
	t.Helper()
	added, err := tenant.AddAttribute(a)
	if err != nil {
		t.Fatal(err)
	}
	return added.Property
}

// attributesCheck returns what serve --check says about custom attributes, or an empty
// string.
func attributesCheck(t *testing.T, settings serve.Settings) string {
	t.Helper()
	results, err := serve.Check(t.Context(), settings, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Name == "custom attributes" && r.Err != nil {
			return r.Err.What
		}
	}
	return ""
}
