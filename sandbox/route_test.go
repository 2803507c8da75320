package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

const (
	apiAddress   = "https://localhost:8443"
	pagesAddress = "http://localhost:8442"
)

func newLocalClient(t *testing.T) *client {
	t.Helper()
	return newClient(t, sandbox.Config{APIAddress: apiAddress, PagesAddress: pagesAddress})
}

func TestIssuerDependsOnTheHostName(t *testing.T) {
	c := newLocalClient(t)
	localIssuer := apiAddress + "/" + c.facts.TenantID + "/v2.0"
	for _, row := range []struct{ authority, want string }{
		{apiAddress + "/" + c.facts.TenantID, localIssuer},
		{apiAddress + "/contoso.onmicrosoft.com", localIssuer},
		{
			"https://contoso.ciamlogin.com/" + c.facts.TenantID,
			"https://" + c.facts.TenantID + ".ciamlogin.com/" + c.facts.TenantID + "/v2.0",
		},
	} {
		status, issuer := c.discover(row.authority)
		if status != 200 || issuer != row.want {
			t.Errorf("%s: got %d and issuer %s, want %s", row.authority, status, issuer, row.want)
		}
	}
	if status, _ := c.discover(apiAddress + "/fabrikam.onmicrosoft.com"); status != 400 {
		t.Errorf("another tenant: got %d", status)
	}
}

// discover loads the discovery document of an authority.
func (c *client) discover(authority string) (status int, issuer string) {
	c.t.Helper()
	res, err := c.tenant.Client().Get(authority + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var document struct{ Issuer string }
	if err := json.NewDecoder(res.Body).Decode(&document); err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, document.Issuer
}

// A website can point a name of its own at loopback (DNS rebinding).
func TestAPIRejectsForeignHostNames(t *testing.T) {
	c := newLocalClient(t)
	r := httptest.NewRequest(http.MethodGet, apiAddress+"/x", nil)
	r.Host = "rebound.example:8443"
	w := httptest.NewRecorder()
	c.tenant.API().ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest {
		t.Errorf("got %d", w.Code)
	}
}

func TestAPISendsBrowsersToThePages(t *testing.T) {
	c := newLocalClient(t)
	for _, path := range []string{
		"/" + c.facts.TenantID + "/oauth2/v2.0/authorize?client_id=x",
		"/" + c.facts.TenantID + "/oauth2/v2.0/logout",
		"/common/oauth2/deviceauth",
	} {
		w := httptest.NewRecorder()
		c.tenant.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, apiAddress+path, nil))
		if to := w.Header().Get("Location"); w.Code != http.StatusTemporaryRedirect || to != pagesAddress+path {
			t.Errorf("%s: got %d to %q", path, w.Code, to)
		}
	}
}

func TestAPIServesPagesAtACommonAddress(t *testing.T) {
	c := newClient(t, sandbox.Config{APIAddress: apiAddress, PagesAddress: apiAddress})
	path := "/" + c.facts.TenantID + "/oauth2/v2.0/logout"
	w := httptest.NewRecorder()
	c.tenant.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, apiAddress+path, nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "You signed out of your account") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if !strings.HasPrefix(c.facts.Mailbox, apiAddress) || c.facts.Pages != apiAddress {
		t.Errorf("the pages are at %s, the mailbox at %s", c.facts.Pages, c.facts.Mailbox)
	}
}

func TestCookiesAreSecureIfThePagesAreServedOverHTTPS(t *testing.T) {
	for _, pages := range []string{pagesAddress, apiAddress} {
		c := newClient(t, sandbox.Config{APIAddress: apiAddress, PagesAddress: pages})
		address := pages + strings.TrimPrefix(c.authorizeURL("openid"), apiAddress)
		w := httptest.NewRecorder()
		c.tenant.Pages().ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Secure != (pages == apiAddress) || !cookies[0].HttpOnly {
			t.Errorf("pages at %s: got %v", pages, cookies)
		}
	}
}

func TestAPIServesPagesUnderTheNamesOfTheRealService(t *testing.T) {
	c := newLocalClient(t)
	w := httptest.NewRecorder()
	address := "https://contoso.ciamlogin.com/" + c.facts.TenantID + "/oauth2/v2.0/logout"
	c.tenant.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "You signed out of your account") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
