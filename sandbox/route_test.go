package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestAPISendsBrowsersToThePages(t *testing.T) {
	const api, pages = "https://localhost:8443", "http://localhost:8442"
	c := newClient(t, sandbox.Config{APIAddress: api, PagesAddress: pages})
	for _, path := range []string{
		"/" + c.facts.TenantID + "/oauth2/v2.0/authorize?client_id=x",
		"/" + c.facts.TenantID + "/oauth2/v2.0/logout",
		"/common/oauth2/deviceauth",
	} {
		w := httptest.NewRecorder()
		c.tenant.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, api+path, nil))
		if to := w.Header().Get("Location"); w.Code != http.StatusTemporaryRedirect || to != pages+path {
			t.Errorf("%s: got %d to %q", path, w.Code, to)
		}
	}
}

func TestAPIServesPagesUnderTheNamesOfTheRealService(t *testing.T) {
	c := newClient(t, sandbox.Config{APIAddress: "https://localhost:8443", PagesAddress: "http://localhost:8442"})
	w := httptest.NewRecorder()
	address := "https://contoso.ciamlogin.com/" + c.facts.TenantID + "/oauth2/v2.0/logout"
	c.tenant.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
