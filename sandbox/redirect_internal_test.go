package sandbox

import (
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

func TestRegistrationChecksRedirectURIs(t *testing.T) {
	for _, row := range []struct {
		uri, platform string // web, native or spa
		want          string // what is wrong, or empty
	}{
		{"https://contoso.example/auth", "web", ""},
		{"https://localhost:5001/signin-oidc", "web", ""},
		{"http://localhost:3000/auth/redirect", "web", ""},
		{"http://127.0.0.1:3000/auth", "web", ""},
		{"http://localhost:5173", "spa", ""},
		{"https://contoso.example/app", "spa", ""},
		{"http://localhost", "native", ""},
		{"http://127.0.0.1", "native", ""},
		{"msal11111111-2222-3333-4444-555555555555://auth", "native", ""},
		{"com.contoso.app://auth/callback", "native", ""},
		{"com.contoso.app:/oauth", "native", ""},
		{"urn:ietf:wg:oauth:2.0:oob", "native", ""},
		{"https://login.microsoftonline.com/common/oauth2/nativeclient", "native", ""},
		{"http://contoso.example/auth", "web", "is neither https nor http://localhost"},
		{"http://localhost.contoso.example", "web", "is neither https nor http://localhost"},
		{"msal1234://auth", "web", "is neither https nor http://localhost"},
		{"msal1234://auth", "spa", "is neither https nor http://localhost"},
		{"http://[::1]:3000", "web", "uses the IPv6 loopback address"},
		{"https://*.contoso.example", "web", "contains a wildcard"},
		{"https://contoso.example/a(b)", "web", "contains one of the characters"},
		{"https://contoso.example/#/auth", "spa", "contains a fragment"},
		{"https://a@contoso.example", "web", "contains a user name"},
		{"/auth/redirect", "web", "is not an absolute URI"},
		{"contoso.example", "web", "is not an absolute URI"},
		{"javascript:alert", "native", "is neither https nor http://localhost"},
		{"data:text/html,x", "native", "contains one of the characters"},
		{"https://contoso.example/" + strings.Repeat("a", 256), "web", "is longer than 256 characters"},
	} {
		app := control.App{ID: directory.NewID(), Name: "app", Public: row.platform == "native"}
		if row.platform == "spa" {
			app.SPARedirectURIs = []string{row.uri}
		} else {
			app.RedirectURIs = []string{row.uri}
		}
		got := ""
		if err := checkApp(app); err != nil {
			got = err.Error()
		}
		named := strings.Contains(got, `"`+row.uri+`"`) && strings.Contains(got, row.want)
		if (got == "") != (row.want == "") || got != "" && !named {
			t.Errorf("%s for %s: got %q", row.uri, row.platform, got)
		}
	}
	many := control.App{ID: directory.NewID(), Name: "app"}
	for range maxRedirectURIs + 1 {
		many.RedirectURIs = append(many.RedirectURIs, "https://contoso.example")
	}
	if err := checkApp(many); err == nil {
		t.Error("more redirect URIs than an app may have were accepted")
	}
}
