package serve_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/serve"
)

func TestSchemaReturnsTheFields(t *testing.T) {
	w, _, _ := newAttributesWorld(t)
	res := w.schema(w.strong)
	if res.Code != http.StatusOK || res.Header().Get("Content-Type") != "application/schema+json" {
		t.Fatalf("got %d %v", res.Code, res.Header())
	}
	schema, err := profile.ParseSchema(res.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(schema.Fields()); n != 17 {
		t.Errorf("got %d fields", n)
	}
	version := res.Header().Get("Profile-Schema")
	if version != schema.Version() || version == profile.BuiltIn().Version() {
		t.Errorf("the header has version %q, the schema %q", version, schema.Version())
	}
	for name, res := range map[string]*httptest.ResponseRecorder{
		"a schema without a token":  w.schema(""),
		"a change without a token":  w.post(howTo, ""),
		"a change":                  w.post(howTo, w.strong),
		"an invalid change":         w.post(`{}`, w.strong),
		"a change with a challenge": w.post(howTo, w.weak),
		"another method":            w.post(howTo, w.strong, func(r *http.Request) { r.Method = http.MethodPut }),
	} {
		if got := res.Header().Get("Profile-Schema"); got != version {
			t.Errorf("%s: the header has version %q, want %q", name, got, version)
		}
	}
}

func (w *world) schema(token string) *httptest.ResponseRecorder {
	return w.post("", token, func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, "/schema" })
}

func TestSchemaOfAMidTierWithoutAttributesHasTheBuiltInFields(t *testing.T) {
	w := newWorld(t, rate(2))
	res := w.schema(w.strong)
	if res.Code != http.StatusOK || res.Body.String() != string(profile.BuiltIn().JSON()) ||
		res.Header().Get("Profile-Schema") != profile.BuiltIn().Version() {
		t.Errorf("got %d %v %s", res.Code, res.Header(), res.Body)
	}
	if res := w.schema(w.graph); res.Code != http.StatusUnauthorized {
		t.Errorf("with a token for another API: got %d", res.Code)
	}
	w.schema(w.strong)
	if res := w.schema(w.strong); res.Code != http.StatusTooManyRequests {
		t.Errorf("beyond the limit of a user: got %d", res.Code)
	}
	post := w.post("", w.strong, func(r *http.Request) { r.URL.Path = "/schema" })
	if post.Code != http.StatusMethodNotAllowed || post.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("with POST: got %d %v", post.Code, post.Header())
	}
}

func TestReloadUsesChangedAttributesAtOnce(t *testing.T) {
	w, _, file := newAttributesWorld(t)
	reload := func() { w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}}) }
	version := func() string { return w.post(howTo, "").Header().Get("Profile-Schema") }
	first := version()
	writeText(t, file, strings.Replace(attributesFile, "label: Children", "label: Number of children", 1))
	reload()
	second := version()
	if second == first {
		t.Error("the changed file is not used")
	}
	if log := w.log.String(); !strings.Contains(log, `"msg":"reloaded","files":["attributes"]`) {
		t.Errorf("the log says %s", log)
	}
	writeText(t, file, strings.Replace(attributesFile, "max: 20,", "max: twenty,", 1))
	reload()
	if version() != second {
		t.Error("an invalid file is used")
	}
	log := w.log.String()
	const kept = `"level":"ERROR","msg":"the attributes file changed but cannot be loaded; keeping the old one"`
	if !strings.Contains(log, kept) ||
		!strings.Contains(log, "attributes.yaml line 4: max is not a whole number") ||
		!strings.Contains(log, `"level":"ERROR","msg":"reloaded","failed":["attributes"]`) {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), "\nprofilectl_last_reload_successful 0\n") {
		t.Error("the metrics do not report the failure")
	}
}

// TestUpdateAppliesTheSchemaOfItsTime: a field that was removed between the form and the
// request is an unknown field, and the header tells the client that the schema changed.
func TestUpdateAppliesTheSchemaOfItsTime(t *testing.T) {
	w, app, file := newAttributesWorld(t)
	shown := w.schema(w.strong).Header().Get("Profile-Schema")
	writeText(t, file, strings.Replace(attributesFile, "Children", "Pets", 1))
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	res := w.post(`{"`+extension+`Children":1}`, w.strong)
	if res.Code != http.StatusBadRequest || res.Header().Get("Profile-Schema") == shown || len(app.sent()) != 0 {
		t.Errorf("got %d %v, sent %q", res.Code, res.Header(), app.sent())
	}
}

// TestCheckTriesThePermissionForAttributes: the change is of a user that does not exist.
func TestCheckTriesThePermissionForAttributes(t *testing.T) {
	var settings serve.Settings
	w, app, _ := newAttributesWorld(t, func(s *serve.Settings) {
		s.Listen = serve.ListenSettings{Public: "localhost:0", Admin: "localhost:0"}
		settings = *s
	})
	for _, c := range []struct {
		name    string
		reply   reply
		refusal string
		want    string
	}{
		{"a user that does not exist", reply{404, `{"error":{"code":"Request_ResourceNotFound"}}`}, "", ""},
		{"no permission", reply{403, "{}"}, "", "Microsoft Graph does not allow it"},
		{"an attribute that does not exist", reply{400, "{}"}, "", "the tenant does not have one of the attributes"},
		{"a wrong secret", reply{}, `{"error":"invalid_client"}`, "cannot get a token to change attributes"},
	} {
		app.patch, app.refusal = func(int) reply { return c.reply }, c.refusal
		results, err := serve.Check(t.Context(), settings, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(results, func(r serve.CheckResult) bool { return r.Name == "custom attributes" })
		switch got := results[i].Err; {
		case c.want == "" && got != nil, c.want != "" && (got == nil || !strings.HasPrefix(got.What, c.want)):
			t.Errorf("%s: got %v, want %q", c.name, got, c.want)
		case got != nil && got.Advice() == "":
			t.Errorf("%s: no advice", c.name)
		}
	}
	for _, path := range app.paths {
		if strings.Contains(path, objectID(t, w.strong)) {
			t.Error("a user that exists was changed")
		}
	}
	body := app.sent()[0]
	if strings.Contains(body, "Points") || !strings.Contains(body, `"`+extension+`Diet":null`) {
		t.Errorf("sent %s", body)
	}
}

func TestOpenRefusesUnusableAttributes(t *testing.T) {
	dir := t.TempDir()
	file, bad := filepath.Join(dir, "attributes.yaml"), filepath.Join(dir, "bad.yaml")
	secret := filepath.Join(dir, "secret")
	writeText(t, file, attributesFile)
	writeText(t, bad, "attributes: 1\n")
	writeText(t, secret, "s")
	const clientID = "66666666-7777-8888-9999-000000000000"
	withSecret := serve.CredentialSettings{SecretFile: secret}
	for _, c := range []struct {
		name string
		set  serve.AttributesSettings
		want string
	}{
		{"an invalid file", serve.AttributesSettings{File: bad}, "bad.yaml line 1: attributes is not a list"},
		{"no credential", serve.AttributesSettings{File: file}, "attributes-client-id is not configured"},
		{"a client id alone", serve.AttributesSettings{File: file, ClientID: applicationID}, "no client credential is"},
		{"a credential alone", serve.AttributesSettings{File: file, Credential: withSecret}, "without its client id"},
		{
			"a credential without a file", serve.AttributesSettings{ClientID: applicationID, Credential: withSecret},
			"but no attributes are",
		},
		{
			"the same registration", serve.AttributesSettings{File: file, ClientID: clientID, Credential: withSecret},
			"are the same registration",
		},
	} {
		_, err := serve.Open(t.Context(), serve.Settings{
			Authority:  "contoso",
			ClientID:   clientID,
			Credential: serve.CredentialSettings{Secret: "s"},
			Attributes: c.set,
		}, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLogHoldsNoAttributes(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	app.patch = func(n int) reply { return reply{[]int{204, 403, 400, 500}[min(n, 4)-1], ""} }
	for range 4 {
		w.post(`{"`+extension+`LoyaltyNumber":"canary"}`, w.strong)
	}
	app.away = io.ErrUnexpectedEOF
	w.post(`{"`+extension+`LoyaltyNumber":"canary"}`, w.strong)
	log := w.log.String()
	if !strings.Contains(log, io.ErrUnexpectedEOF.Error()) {
		t.Error("the log does not say why Graph did not answer")
	}
	for _, secret := range []string{"canary", "app-", "second secret", objectID(t, w.strong)} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
