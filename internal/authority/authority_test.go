package authority_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

const tid = "aaaabbbb-0000-4ccc-1111-dddd2222eeee"

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want, what string }{
		{"subdomain", "contoso", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com", ""},
		{"subdomain, typed carelessly", " Contoso ", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com", ""},
		{"tenant id", tid, "https://" + tid + ".ciamlogin.com/" + tid, ""},
		{"domain", "contoso.onmicrosoft.com", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com", ""},
		{"host", "contoso.ciamlogin.com", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com", ""},
		{"GUID host", tid + ".ciamlogin.com", "https://" + tid + ".ciamlogin.com/" + tid, ""},
		{"the how-to's AUTHORITY", "https://contoso.ciamlogin.com/", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com", ""},
		{"URL with tenant id", "https://contoso.ciamlogin.com/" + tid, "https://contoso.ciamlogin.com/" + tid, ""},
		{"URL with version", "https://contoso.ciamlogin.com/" + tid + "/v2.0", "https://contoso.ciamlogin.com/" + tid, ""},
		{"URL of the metadata itself", "https://contoso.ciamlogin.com/" + tid + "/v2.0/.well-known/openid-configuration", "https://contoso.ciamlogin.com/" + tid, ""},
		{"custom domain", "https://login.contoso.com/" + tid, "https://login.contoso.com/" + tid, ""},
		{"custom domain without scheme", "login.contoso.com/" + tid, "https://login.contoso.com/" + tid, ""},
		{"the sandbox", "https://localhost:8443/" + tid, "https://localhost:8443/" + tid, ""},
		{"custom domain without tenant", "https://login.contoso.com", "", "the custom domain login.contoso.com does not say which tenant is meant"},
		{"workforce host", "https://login.microsoftonline.com/" + tid, "", "login.microsoftonline.com does not sign in customers of an external tenant (AADSTS500208)"},
		{"plain http", "http://contoso.ciamlogin.com/", "", `"http://contoso.ciamlogin.com/" is not an authority`},
		{"credentials in the URL", "https://a:b@contoso.ciamlogin.com/", "", `"https://a:b@contoso.ciamlogin.com/" is not an authority`},
		{"a query", "https://contoso.ciamlogin.com/x.com?p=1", "", `"https://contoso.ciamlogin.com/x.com?p=1" is not an authority`},
		{"nothing", "", "", `"" is not an authority`},
		{"a sentence", "my tenant", "", `"my tenant" is not an authority`},
		{"a tenant with an escape", "https://contoso.ciamlogin.com/a%2fb", "", `"https://contoso.ciamlogin.com/a%2fb" is not an authority`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := authority.Parse(c.text)
			if c.what != "" {
				if e := fault.As(err); err == nil || e.Kind != fault.Usage || e.What != c.what {
					t.Fatalf("got %v, %v; want %q", f, err, c.what)
				}
				return
			}
			if err != nil || f.String() != c.want {
				t.Errorf("got %v, %v; want %s", f, err, c.want)
			}
		})
	}
}

// tenant answers discovery as entra-documented tenants do: the issuer is the
// GUID host's, the endpoints keep the host that was asked.
type tenant struct {
	issuer string
	status int
	body   string
	asked  *[]string
}

func (d tenant) RoundTrip(req *http.Request) (*http.Response, error) {
	if d.asked != nil {
		*d.asked = append(*d.asked, req.URL.String())
	}
	body := d.body
	if body == "" {
		origin := "https://" + req.URL.Host + "/" + tid
		raw, err := json.Marshal(map[string]any{
			"issuer": d.issuer, "authorization_endpoint": origin + "/oauth2/v2.0/authorize",
			"token_endpoint": origin + "/oauth2/v2.0/token", "jwks_uri": origin + "/discovery/v2.0/keys",
			"end_session_endpoint": origin + "/oauth2/v2.0/logout",
		})
		if err != nil {
			return nil, err
		}
		body = string(raw)
	}
	status := d.status
	if status == 0 {
		status = 200
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

const tenantIssuer = "https://" + tid + ".ciamlogin.com/" + tid + "/v2.0"

// TestEveryFormEndsInOneAuthorityThatMSALTakes is the matrix that fails with
// MSAL Go alone.
func TestEveryFormEndsInOneAuthorityThatMSALTakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"contoso", "https://" + tid + ".ciamlogin.com/" + tid},
		{tid, "https://" + tid + ".ciamlogin.com/" + tid},
		{"https://contoso.ciamlogin.com/" + tid + "/v2.0", "https://" + tid + ".ciamlogin.com/" + tid},
		{"https://login.contoso.com/" + tid, "https://login.contoso.com/" + tid},
		{"https://login.contoso.com/contoso.onmicrosoft.com", "https://login.contoso.com/" + tid},
	} {
		t.Run(c.text, func(t *testing.T) {
			f, err := authority.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			var asked []string
			service := tenant{issuer: tenantIssuer, asked: &asked}
			a, err := authority.Discover(t.Context(), &http.Client{Transport: service}, f)
			if err != nil {
				t.Fatal(err)
			}
			if a.URL != c.want || a.TenantID != tid || a.Issuer != tenantIssuer {
				t.Fatalf("got %+v, want %s", a, c.want)
			}
			client, err := public.New("cid", public.WithAuthority(a.URL), public.WithInstanceDiscovery(false),
				public.WithHTTPClient(&http.Client{Transport: a.Transport(service)}))
			if err != nil {
				t.Fatal(err)
			}
			page, err := client.AuthCodeURL(t.Context(), "cid", "http://localhost", []string{"User.Read"})
			if err != nil || !strings.HasPrefix(page, a.AuthorizationEndpoint+"?") {
				t.Errorf("MSAL: %q, %v", page, err)
			}
			if len(asked) != 1 {
				t.Errorf("asked %v, want one request for everything", asked)
			}
		})
	}
}

func TestDiscoverRefuses(t *testing.T) {
	other := strings.ReplaceAll(tenantIssuer, "aaaabbbb", "bbbbaaaa")
	form := authority.Form{Host: "login.contoso.com", Tenant: tid}
	for _, c := range []struct {
		name    string
		service tenant
		kind    fault.Kind
		what    string
	}{
		{"an issuer of another tenant", tenant{issuer: other}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"an issuer at a stranger's host", tenant{issuer: "https://evil.example/" + tid + "/v2.0"}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"an http issuer", tenant{issuer: "http://login.contoso.com/" + tid + "/v2.0"}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"no issuer", tenant{}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"an HTML page", tenant{body: "<html>"}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"an http token endpoint", tenant{body: `{"issuer":"` + tenantIssuer + `","token_endpoint":"http://x/token","jwks_uri":"https://x/keys","authorization_endpoint":"https://x/a"}`}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"an http page that is not on loopback", tenant{body: `{"issuer":"` + tenantIssuer + `","token_endpoint":"https://x/token","jwks_uri":"https://x/keys","authorization_endpoint":"http://x/a"}`}, fault.Usage, "login.contoso.com does not answer as an Entra tenant"},
		{"no such tenant", tenant{status: 400, body: `{"error":"invalid_tenant"}`}, fault.Usage, "there is no tenant " + tid + " at login.contoso.com"},
		{"out of order", tenant{status: 503, body: "x"}, fault.Unavailable, "login.contoso.com answered with HTTP status 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := authority.Discover(t.Context(), &http.Client{Transport: c.service}, form)
			if e := fault.As(err); err == nil || e.Kind != c.kind || e.What != c.what || e.Fix == "" {
				t.Errorf("got %+v, %v; want %v %q", a, err, c.kind, c.what)
			}
		})
	}
}

func TestDiscoverLeavesTransportErrorsToTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := authority.Discover(ctx, &http.Client{}, authority.Form{Host: "localhost:1", Tenant: tid})
	if e := fault.As(err); e.Kind != fault.Internal {
		t.Errorf("got %v, want the plain error", err)
	}
}

func TestIssuers(t *testing.T) {
	for _, c := range []struct {
		name string
		a    authority.Authority
		want int
	}{
		{"ciamlogin", authority.Authority{URL: "https://" + tid + ".ciamlogin.com/" + tid, TenantID: tid, Issuer: tenantIssuer}, 1},
		{"custom domain with its own issuer", authority.Authority{URL: "https://login.contoso.com/" + tid, TenantID: tid, Issuer: "https://login.contoso.com/" + tid + "/v2.0"}, 2},
		{"the sandbox", authority.Authority{URL: "https://localhost:1/" + tid, TenantID: tid, Issuer: "https://localhost:1/" + tid + "/v2.0"}, 1},
	} {
		if got := c.a.Issuers(); len(got) != c.want || got[0] != c.a.Issuer {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"contoso", "https://a.b/c", tid, "https://localhost:1/" + tid} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := authority.Parse(text)
		if err != nil {
			return
		}
		again, err := authority.Parse(form.String())
		if err != nil || again != form {
			t.Errorf("%q: %v came back as %v, %v", text, form, again, err)
		}
	})
}
