package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestConsoleLinkWorksOnce(t *testing.T) {
	u := openConsole(t)
	link := u.tenant.NewPageLink()
	first, second := newConsoleUser(t, u.tenant), newConsoleUser(t, u.tenant)
	if res, _ := first.get(link); res.StatusCode != http.StatusOK {
		t.Errorf("the first use got %d", res.StatusCode)
	}
	res, body := second.get(link)
	if res.StatusCode != http.StatusForbidden || len(res.Cookies()) != 0 ||
		!strings.Contains(body, "was used already") {
		t.Errorf("the second use got %d %s", res.StatusCode, body)
	}
	if res, _ := second.get("/sandbox/"); res.StatusCode != http.StatusForbidden {
		t.Errorf("then the page got %d", res.StatusCode)
	}
	if res, _ := first.get("/sandbox/open?link="); res.StatusCode != http.StatusForbidden {
		t.Errorf("an empty link got %d", res.StatusCode)
	}
}

func TestConsoleCookieIsProtected(t *testing.T) {
	for _, row := range []struct {
		name   string
		config sandbox.Config
		secure bool
	}{
		{"pages over http", sandbox.Config{
			APIAddress: "https://localhost:8443", PagesAddress: "http://localhost:8442",
		}, false},
		{"pages over https", sandbox.Config{
			APIAddress: "https://localhost:8443", PagesAddress: "https://localhost:8443",
		}, true},
	} {
		row.config.QuickPasswords = true
		tenant, err := sandbox.New(row.config)
		if err != nil {
			t.Fatal(err)
		}
		res, _ := newConsoleUser(t, tenant).get(tenant.NewPageLink())
		cookies := res.Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode ||
			cookies[0].Path != "/sandbox/" || cookies[0].Secure != row.secure || cookies[0].Domain != "" {
			t.Errorf("%s: got %v", row.name, cookies)
		}
	}
}

// TestConsoleShowsStrangersNothing opens every page without the cookie, as a user who
// signs in at the sandbox could, and sends every form.
func TestConsoleShowsStrangersNothing(t *testing.T) {
	u := openConsole(t)
	stranger := newConsoleUser(t, u.tenant)
	facts := u.tenant.Facts()
	for _, path := range consolePages(u.tenant) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			res, body := stranger.do(method, path, url.Values{"csrf": {u.csrf()}})
			if res.StatusCode == http.StatusOK || strings.Contains(body, facts.TenantID) ||
				strings.Contains(body, facts.User) || strings.Contains(body, facts.WebClientID) ||
				strings.Contains(body, `name="csrf"`) {
				t.Errorf("%s %s: got %d %s", method, path, res.StatusCode, body)
			}
		}
	}
	if _, body := stranger.get("/sandbox/"); !strings.Contains(body, "profilectl sandbox open") {
		t.Errorf("the page does not say how to get a link: %s", body)
	}
}

func TestConsoleCookieIsValidInItsSandboxOnly(t *testing.T) {
	u, other := openConsole(t), openConsole(t)
	from, err := url.Parse(u.tenant.Facts().Pages + "/sandbox/")
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range u.client.Jar.Cookies(from) {
		stranger := newConsoleUser(t, other.tenant)
		stranger.header.Set("Cookie", cookie.String())
		if res, _ := stranger.get("/sandbox/"); res.StatusCode != http.StatusForbidden {
			t.Errorf("got %d", res.StatusCode)
		}
		mine := newConsoleUser(t, u.tenant)
		mine.header.Set("Cookie", cookie.String())
		if res, _ := mine.get("/sandbox/"); res.StatusCode != http.StatusOK {
			t.Errorf("in its own sandbox, the cookie got %d", res.StatusCode)
		}
	}
}

func TestConsoleRejectsForgedForms(t *testing.T) {
	u := openConsole(t)
	diet, err := u.tenant.AddAttribute(control.Attribute{Name: "Diet"})
	if err != nil {
		t.Fatal(err)
	}
	form := func(csrf string) url.Values {
		return url.Values{"csrf": {csrf}, "email": {"forged@contoso.example"}, "name": {"Forged"}}
	}
	for _, row := range []struct {
		name, csrf, header, value string
	}{
		{"no CSRF token", "", "", ""},
		{"a wrong CSRF token", "wrong", "", ""},
		{"the CSRF token of another session", openConsole(t).csrf(), "", ""},
		{"a foreign Origin", u.csrf(), "Origin", "https://evil.example"},
		{"an opaque Origin", u.csrf(), "Origin", "null"},
		{"another port", u.csrf(), "Origin", "http://localhost:3000"},
		{"another site", u.csrf(), "Sec-Fetch-Site", "cross-site"},
		{"another origin of the site", u.csrf(), "Sec-Fetch-Site", "same-site"},
	} {
		u.header = http.Header{}
		if row.header != "" {
			u.header.Set(row.header, row.value)
		}
		for _, path := range []string{
			"/sandbox/users/new",
			"/sandbox/attributes/new",
			"/sandbox/attributes/" + diet.Property + "/remove",
		} {
			res, body := u.do(http.MethodPost, path, form(row.csrf))
			if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "Nothing was changed.") {
				t.Errorf("%s, %s: got %d %s", path, row.name, res.StatusCode, body)
			}
		}
	}
	if u.tenant.Profile("forged@contoso.example")["displayName"] != nil {
		t.Error("a forged form added a user")
	}
	if got := u.tenant.Attributes(); len(got) != 1 || got[0].Property != diet.Property {
		t.Errorf("forged forms changed the attributes: %+v", got)
	}
}

func TestConsoleIsNotServedUnderOtherNames(t *testing.T) {
	c := newLocalClient(t)
	link := c.tenant.NewPageLink()
	for name, handler := range map[string]http.Handler{"pages": c.tenant.Pages(), "API": c.tenant.API()} {
		for _, host := range []string{
			"evil.example", "evil.example:8442", "graph.microsoft.com", "contoso.ciamlogin.com",
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, req)
			if recorder.Code < http.StatusBadRequest || len(recorder.Result().Cookies()) != 0 {
				t.Errorf("%s at %s: got %d", name, host, recorder.Code)
			}
		}
	}
	if res, _ := newConsoleUser(t, c.tenant).get(link); res.StatusCode != http.StatusOK {
		t.Errorf("then the link got %d", res.StatusCode)
	}
}

func TestConsoleAllowsNoOtherOrigins(t *testing.T) {
	u := openConsole(t)
	u.header.Set("Origin", "https://evil.example")
	u.header.Set("Access-Control-Request-Method", http.MethodPost)
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		res, _ := u.do(method, "/sandbox/users", nil)
		for name := range res.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: the response has %s", method, name)
			}
		}
	}
}

func TestConsoleSignsOut(t *testing.T) {
	u := openConsole(t)
	if _, body := u.submit("/sandbox/sign-out"); !strings.Contains(body, "You are signed out") {
		t.Errorf("got %s", body)
	}
	if res, _ := u.get("/sandbox/"); res.StatusCode != http.StatusForbidden {
		t.Errorf("then the page got %d", res.StatusCode)
	}
}
