package serve_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
)

func TestUpdateChangesBothKindsOfFields(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	body := `{"displayName":"Ada L.","` + extension + `Newsletter":true,"` + extension + `Children":2,"` +
		extension + `LoyaltyNumber":" 4711 ","` + extension + `Interests":"music,books"}`
	for range 2 { // a replayed request has the same result
		if res := w.post(body, w.strong); res.Code != http.StatusNoContent || res.Body.Len() != 0 {
			t.Fatalf("got %d %s", res.Code, res.Body)
		}
	}
	if name := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]; name != "Ada L." {
		t.Errorf("the name is %s", name)
	}
	want := `{"` + extension + `LoyaltyNumber":"4711","` + extension + `Newsletter":true,"` +
		extension + `Children":2,"` + extension + `Interests":"books,music"}`
	if got := app.sent(); !slices.Equal(got, []string{want, want}) {
		t.Errorf("Graph received %q, want %q twice", got, want)
	}
	if path := "PATCH /v1.0/users/" + objectID(t, w.strong); app.paths[0] != path {
		t.Errorf("Graph received %s, want %s", app.paths[0], path)
	}
	if n := app.issuedTokens(); n != 1 {
		t.Errorf("%d tokens were requested, want 1", n)
	}
}

func TestUpdateOfAttributesAloneIsExchangedToo(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	before := w.exchanges()
	if res := w.post(`{"`+extension+`Diet":null}`, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if n := w.exchanges() - before; n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	if got := app.sent(); !slices.Equal(got, []string{`{"` + extension + `Diet":null}`}) {
		t.Errorf("Graph received %q", got)
	}
	res := w.post(`{"`+extension+`Diet":"vegan"}`, w.weak)
	header := res.Header().Get("WWW-Authenticate")
	if res.Code != http.StatusUnauthorized || !strings.Contains(header, "insufficient_claims") {
		t.Errorf("without a second factor: got %d %v", res.Code, res.Header())
	}
	if len(app.sent()) != 1 {
		t.Error("an attribute was changed without a second factor")
	}
}

func TestUpdateOfBuiltInFieldsDoesNotUseTheSecondCredential(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if app.issuedTokens() != 1 || len(app.sent()) != 0 { // one at the start
		t.Errorf("%d tokens were requested, and Graph received %q", app.issuedTokens(), app.sent())
	}
}

func TestUpdateRefusesAttributesWithoutAnObjectID(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	token := w.tokenForScopeAlone(t, w.tenant.Facts().EditScope)
	res := w.post(`{"`+extension+`Children":1,"displayName":"x"}`, token)
	if p := readProblem(t, res); res.Code != http.StatusForbidden || !strings.Contains(p.Detail, "(oid)") ||
		!strings.Contains(p.Fix, "scope profile") {
		t.Errorf("got %d %+v", res.Code, p)
	}
	if res := w.post(howTo, token); res.Code != http.StatusNoContent {
		t.Errorf("built-in fields: got %d %s", res.Code, res.Body)
	}
	if app.issuedTokens() != 1 || len(app.sent()) != 0 { // one at the start
		t.Error("the application was used")
	}
}

// partialProblem is the problem document of an edit of which only a part was made.
type partialProblem struct {
	problem
	Applied, NotApplied []string
}

func TestUpdateReportsWhatWasAppliedAndWhatWasNot(t *testing.T) {
	const part = "only a part of the change was made: "
	const body = `{"city":"Turin","` + extension + `Children":1,"displayName":"Ada L."}`
	for _, c := range []struct {
		name   string
		reply  reply
		detail string
		fix    string
	}{
		{
			"the permission was removed", reply{403, `{"error":{"code":"Authorization_RequestDenied"}}`},
			part + "the service is misconfigured",
			"contact its operator and give the correlation id",
		},
		{
			"Graph rejects the value", reply{400, `{"error":{"code":"Request_BadRequest"}}`},
			part + "Microsoft Graph rejected a value (Request_BadRequest)", "check the values",
		},
		{
			"Graph fails", reply{500, ""},
			part + "Microsoft Graph is unavailable or overloaded (HTTP status 500)",
			"try again in a minute",
		},
		{
			"Graph rejects the token", reply{401, `{"error":{"code":"InvalidAuthenticationToken"}}`},
			part + "Microsoft Graph does not accept the access token (InvalidAuthenticationToken)",
			"try again in a minute",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			audit := filepath.Join(t.TempDir(), "audit")
			w, app, _ := newAttributesWorld(t, func(s *serve.Settings) { s.AuditLog = audit })
			app.patch = func(int) reply { return c.reply }
			res := w.post(body, w.strong)
			var p partialProblem
			if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if res.Code != http.StatusBadGateway || p.Detail != c.detail || p.Fix != c.fix {
				t.Errorf("got %d %+v", res.Code, p)
			}
			if !slices.Equal(p.Applied, []string{"displayName", "city"}) ||
				!slices.Equal(p.NotApplied, []string{extension + "Children"}) {
				t.Errorf("applied %q, not applied %q", p.Applied, p.NotApplied)
			}
			raw, err := os.ReadFile(audit)
			if err != nil || !strings.Contains(string(raw), `"outcome":"partial","applied":["displayName","city"]`) {
				t.Errorf("the audit log says %s, %v", raw, err)
			}
			const series = `profilectl_requests_total{outcome="partial",route="POST /updateUserInfo",status="502"} 1`
			if !strings.Contains(w.admin("/metrics"), series) {
				t.Errorf("the metrics lack %s", series)
			}
			app.patch = nil
			if res := w.post(body, w.strong); res.Code != http.StatusNoContent {
				t.Errorf("repeated: got %d %s", res.Code, res.Body)
			}
		})
	}
}

// TestUpdateSendsAttributesAgainOnlyWithAnotherToken: Graph rejects the first token. A second
// one is only requested if the credential changed: the first is younger than a minute.
func TestUpdateSendsAttributesAgainOnlyWithAnotherToken(t *testing.T) {
	for _, c := range []struct {
		name         string
		replaced     bool // the credential, meanwhile
		status, sent int
	}{
		{"the same token", false, http.StatusServiceUnavailable, 1},
		{"another token", true, http.StatusNoContent, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, app, file := newAttributesWorld(t)
			app.patch = func(n int) reply {
				if n > 1 {
					return reply{status: http.StatusNoContent}
				}
				if c.replaced {
					writeText(t, filepath.Join(filepath.Dir(file), "secret"), "the third secret\n")
					w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
				}
				return reply{401, `{"error":{"code":"InvalidAuthenticationToken"}}`}
			}
			res := w.post(`{"`+extension+`Children":1}`, w.strong)
			if res.Code != c.status || len(app.sent()) != c.sent {
				t.Errorf("got %d %s, and Graph received %q", res.Code, res.Body, app.sent())
			}
		})
	}
}

// TestUpdateTellsTheOperatorWhatToGrant: a permission that was removed is logged once with
// the fix, the metrics show it, and built-in fields can still be changed.
func TestUpdateTellsTheOperatorWhatToGrant(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	const body = `{"` + extension + `Children":1}`
	app.patch = func(int) reply { return reply{403, `{"error":{"code":"Authorization_RequestDenied"}}`} }
	for range 2 {
		res := w.post(body, w.strong)
		if p := readProblem(t, res); res.Code != http.StatusBadGateway || p.Detail != misconfigured {
			t.Errorf("got %d %+v", res.Code, p)
		}
	}
	const degraded = `profilectl_degraded{part="custom attributes"} `
	log := w.log.String()
	if strings.Count(log, `"msg":"custom attributes cannot be changed"`) != 1 ||
		!strings.Contains(log, "grant attributes-client-id the application permission User.ReadWrite.All") {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), degraded+"1\n") ||
		!strings.Contains(w.admin("/readyz?verbose"), "ready\ndegraded: custom attributes\n") {
		t.Errorf("the metrics are %s", w.admin("/metrics"))
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("built-in fields: got %d %s", res.Code, res.Body)
	}
	app.patch = nil
	if res := w.post(body, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("after the permission was granted: got %d %s", res.Code, res.Body)
	}
	if !strings.Contains(w.admin("/metrics"), degraded+"0\n") ||
		!strings.Contains(w.log.String(), "custom attributes can be changed again") {
		t.Error("the recovery is not reported")
	}
}

// TestUpdateChangesNothingIfTheApplicationIsRejected: its token is acquired first. The
// rejection is logged at the start already, and built-in fields can be changed.
func TestUpdateChangesNothingIfTheApplicationIsRejected(t *testing.T) {
	w, app, _ := newAttributesWorld(t, func(s *serve.Settings) {
		s.HTTP.Transport.(*application).refusal = `{"error":"invalid_client","error_codes":[7000222]}`
	})
	const rejected = "custom attributes cannot be changed"
	if log := w.log.String(); !strings.Contains(log, rejected) || !strings.Contains(log, "AADSTS7000222") {
		t.Errorf("at the start, the log says %s", log)
	}
	before := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]
	res := w.post(`{"displayName":"Ada L.","`+extension+`Children":1}`, w.strong)
	if p := readProblem(t, res); res.Code != http.StatusBadGateway || p.Detail != misconfigured {
		t.Errorf("got %d %+v", res.Code, p)
	}
	if after := *w.tenant.Profile(w.tenant.Facts().User)["displayName"]; after != before || len(app.sent()) != 0 {
		t.Errorf("the name is %q, and Graph received %q", after, app.sent())
	}
	if strings.Count(w.log.String(), rejected) != 1 {
		t.Error("the rejection is not logged once")
	}
	if !strings.Contains(w.admin("/readyz"), "ready\n") {
		t.Error("the mid-tier is not ready")
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("built-in fields: got %d %s", res.Code, res.Body)
	}
}
