package authority_test

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

const tid = "aaaabbbb-0000-4ccc-1111-dddd2222eeee"

func TestParse(t *testing.T) {
	const (
		contoso = "https://contoso.ciamlogin.com/contoso.onmicrosoft.com"
		byID    = "https://contoso.ciamlogin.com/" + tid
		custom  = "https://login.contoso.com/" + tid
	)
	for _, c := range []struct{ name, text, want, what string }{
		{"subdomain", "contoso", contoso, ""},
		{"subdomain with spaces and capitals", " Contoso ", contoso, ""},
		{"tenant id", tid, "https://" + tid + ".ciamlogin.com/" + tid, ""},
		{"domain", "contoso.onmicrosoft.com", contoso, ""},
		{"host", "contoso.ciamlogin.com", contoso, ""},
		{"GUID host", tid + ".ciamlogin.com", "https://" + tid + ".ciamlogin.com/" + tid, ""},
		{"AUTHORITY of the how-to", "https://contoso.ciamlogin.com/", contoso, ""},
		{"URL with tenant id", byID, byID, ""},
		{"URL with version", byID + "/v2.0", byID, ""},
		{"URL of the metadata", byID + "/v2.0/.well-known/openid-configuration", byID, ""},
		{"custom domain", custom, custom, ""},
		{"custom domain without scheme", "login.contoso.com/" + tid, custom, ""},
		{"sandbox", "https://localhost:8443/" + tid, "https://localhost:8443/" + tid, ""},
		{
			"custom domain without tenant", "https://login.contoso.com", "",
			"the custom domain login.contoso.com does not say which tenant is meant",
		},
		{
			"workforce host", "https://login.microsoftonline.com/" + tid, "",
			"login.microsoftonline.com does not sign in customers of an external tenant (AADSTS500208)",
		},
		{
			"http", "http://contoso.ciamlogin.com/", "",
			`"http://contoso.ciamlogin.com/" is not an authority`,
		},
		{
			"credentials in the URL", "https://a:b@contoso.ciamlogin.com/", "",
			`"https://a:b@contoso.ciamlogin.com/" is not an authority`,
		},
		{
			"query", "https://contoso.ciamlogin.com/x.com?p=1", "",
			`"https://contoso.ciamlogin.com/x.com?p=1" is not an authority`,
		},
		{"empty", "", "", `"" is not an authority`},
		{"two words", "my tenant", "", `"my tenant" is not an authority`},
		{"domain with a space", "my tenant.onmicrosoft.com", "", `"my tenant.onmicrosoft.com" is not an authority`},
		{
			"escaped tenant", "https://contoso.ciamlogin.com/a%2fb", "",
			`"https://contoso.ciamlogin.com/a%2fb" is not an authority`,
		},
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

// service answers discovery as Microsoft documents it: the issuer is on the tenant
// id's host, the endpoints are on the host of the request.
type service struct {
	issuer   string
	status   int       // 0 is 200
	body     string    // instead of the document
	requests *[]string // receives the URLs, unless it is nil
}

func (s service) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.requests != nil {
		*s.requests = append(*s.requests, req.URL.String())
	}
	body := s.body
	if body == "" {
		origin := "https://" + req.URL.Host + "/" + tid
		raw, err := json.Marshal(map[string]any{
			"issuer":                 s.issuer,
			"authorization_endpoint": origin + "/oauth2/v2.0/authorize",
			"token_endpoint":         origin + "/oauth2/v2.0/token",
			"jwks_uri":               origin + "/discovery/v2.0/keys",
			"end_session_endpoint":   origin + "/oauth2/v2.0/logout",
		})
		if err != nil {
			return nil, err
		}
		body = string(raw)
	}
	return &http.Response{
		StatusCode: cmp.Or(s.status, http.StatusOK),
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}, nil
}

const tenantIssuer = "https://" + tid + ".ciamlogin.com/" + tid + "/v2.0"

// TestDiscoverReturnsAnAuthorityThatMSALAccepts uses forms that MSAL Go alone
// rejects.
func TestDiscoverReturnsAnAuthorityThatMSALAccepts(t *testing.T) {
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
			var requests []string
			tenant := service{issuer: tenantIssuer, requests: &requests}
			a, err := authority.Discover(t.Context(), &http.Client{Transport: tenant}, f)
			if err != nil {
				t.Fatal(err)
			}
			if a.URL != c.want || a.TenantID != tid || a.Issuer != tenantIssuer {
				t.Fatalf("got %+v, want %s", a, c.want)
			}
			client, err := public.New("cid", public.WithAuthority(a.URL), public.WithInstanceDiscovery(false),
				public.WithHTTPClient(&http.Client{Transport: a.Transport(tenant)}))
			if err != nil {
				t.Fatal(err)
			}
			page, err := client.AuthCodeURL(t.Context(), "cid", "http://localhost", []string{"User.Read"})
			if err != nil || !strings.HasPrefix(page, a.AuthorizationEndpoint+"?") {
				t.Errorf("MSAL: %q, %v", page, err)
			}
			if len(requests) != 1 {
				t.Errorf("requested %v, want one request", requests)
			}
		})
	}
}

// documentWith returns an OpenID configuration with the given endpoints.
func documentWith(tokenEndpoint, authorizationEndpoint string) string {
	return `{"issuer":"` + tenantIssuer + `","token_endpoint":"` + tokenEndpoint +
		`","jwks_uri":"https://x/keys","authorization_endpoint":"` + authorizationEndpoint + `"}`
}

func TestDiscoverRejectsInvalidResponses(t *testing.T) {
	const notTenant = "login.contoso.com does not answer as an Entra tenant"
	otherTenant := strings.ReplaceAll(tenantIssuer, "aaaabbbb", "bbbbaaaa")
	form := authority.Form{Host: "login.contoso.com", Tenant: tid}
	for _, c := range []struct {
		name    string
		service service
		kind    fault.Kind
		what    string
	}{
		{"issuer of another tenant", service{issuer: otherTenant}, fault.Usage, notTenant},
		{
			"issuer on an unknown host", service{issuer: "https://evil.example/" + tid + "/v2.0"},
			fault.Usage, notTenant,
		},
		{"http issuer", service{issuer: "http://login.contoso.com/" + tid + "/v2.0"}, fault.Usage, notTenant},
		{"no issuer", service{}, fault.Usage, notTenant},
		{"HTML page", service{body: "<html>"}, fault.Usage, notTenant},
		{"http token endpoint", service{body: documentWith("http://x/token", "https://x/a")}, fault.Usage, notTenant},
		{"http sign-in page", service{body: documentWith("https://x/token", "http://x/a")}, fault.Usage, notTenant},
		{
			"http sign-in page that looks like loopback",
			service{body: documentWith("https://x/token", "http://127.evil.example/a")}, fault.Usage, notTenant,
		},
		{
			"unknown tenant", service{status: 400, body: `{"error":"invalid_tenant"}`},
			fault.Usage, "there is no tenant " + tid + " at login.contoso.com",
		},
		{
			"server that is down", service{status: 503, body: "x"},
			fault.Unavailable, "login.contoso.com answered with HTTP status 503",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := authority.Discover(t.Context(), &http.Client{Transport: c.service}, form)
			if e := fault.As(err); err == nil || e.Kind != c.kind || e.What != c.what || e.Fix == "" {
				t.Errorf("got %+v, %v; want %v %q", a, err, c.kind, c.what)
			}
		})
	}
}

func TestDiscoverReturnsTransportErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := authority.Discover(ctx, &http.Client{}, authority.Form{Host: "localhost:1", Tenant: tid})
	if e := fault.As(err); e.Kind != fault.Internal {
		t.Errorf("got %v, want the plain error", err)
	}
}

func TestAuthorityIssuers(t *testing.T) {
	const custom, sandbox = "https://login.contoso.com/" + tid, "https://localhost:1/" + tid
	for _, c := range []struct {
		name        string
		url, issuer string
		want        []string
	}{
		{"ciamlogin.com", "https://" + tid + ".ciamlogin.com/" + tid, tenantIssuer, []string{tenantIssuer}},
		{"custom domain", custom, custom + "/v2.0", []string{custom + "/v2.0", tenantIssuer}},
		{"sandbox", sandbox, sandbox + "/v2.0", []string{sandbox + "/v2.0", tenantIssuer}},
	} {
		a := authority.Authority{URL: c.url, TenantID: tid, Issuer: c.issuer}
		if got := a.Issuers(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
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
