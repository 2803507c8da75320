package midtier_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/profile"
)

const newsletter = "extension_0123456789abcdef0123456789abcdef_Newsletter"

// custom returns a schema with a custom attribute.
func custom(t *testing.T) profile.Schema {
	t.Helper()
	f := profile.Field{Name: newsletter, Label: "Newsletter", Kind: profile.Boolean}
	s, err := profile.BuiltIn().With(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is a mid-tier that sends the same response to every request.
func answer(t *testing.T, status int, header map[string]string, body string) *midtier.Client {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(api.Close)
	return &midtier.Client{URL: api.URL + "/updateUserInfo", HTTP: api.Client()}
}

func TestSchemaReturnsWhatTheMidTierEdits(t *testing.T) {
	const problem = `{"type":"https://github.com/profilectl/profilectl/problems/token"}`
	schema := string(custom(t).JSON())
	for _, c := range []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		version string
		fields  int
		kind    fault.Kind // of the error; Internal for none
	}{
		{
			"a schema with a version", 200,
			map[string]string{"Content-Type": "application/schema+json", "Profile-Schema": "v1"}, schema, "v1", 11, 0,
		},
		{
			"a schema without a version", 200, map[string]string{"Content-Type": "application/schema+json"}, schema,
			custom(t).Version(), 11, 0,
		},
		{"no such route", 404, nil, "", profile.BuiltIn().Version(), 10, 0},
		{"no such route behind a gateway", 403, nil, `{}`, profile.BuiltIn().Version(), 10, 0},
		{
			"a page for every path", 200, map[string]string{"Content-Type": "text/html"}, "<html>",
			profile.BuiltIn().Version(), 10, 0,
		},
		{"a version without a token", 401, map[string]string{"Profile-Schema": "v1"}, problem, "v1", 0, fault.SignIn},
		{"an unusual version", 404, map[string]string{"Profile-Schema": "a b"}, "", profile.BuiltIn().Version(), 10, 0},
		{"an outage", 503, nil, "", "", 0, fault.Unavailable},
		{
			"megabytes", 200, map[string]string{"Content-Type": "application/schema+json"},
			`{"properties":{"x":"` + strings.Repeat("x", 2<<20) + `"}}`, "", 0, fault.Invalid,
		},
		{
			"a label with control characters", 200, map[string]string{"Content-Type": "application/schema+json"},
			strings.Replace(schema, `"title":"Newsletter"`, `"title":"\u001b[2J"`, 1), "", 0, fault.Invalid,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ch, err := answer(t, c.status, c.header, c.body).Schema(t.Context(), "secret")
			if ch != nil || got.Version != c.version || len(got.Fields.Names()) != c.fields {
				t.Errorf("got version %q, fields %v, challenge %v", got.Version, got.Fields.Names(), ch)
			}
			if (err != nil) != (c.fields == 0) || err != nil && fault.As(err).Kind != c.kind {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestUpdateAsReturnsWhatWasMadeOfAChange(t *testing.T) {
	header := map[string]string{"Profile-Schema": "v2", "Content-Type": "application/problem+json"}
	const body = `{"type":"https://github.com/profilectl/profilectl/problems/unavailable","detail":"x",` +
		`"applied":["city"],"notApplied":["` + newsletter + `"]}`
	yes, city := "true", "Bern"
	change := profile.Change{newsletter: &yes, "city": &city}
	reply, err := answer(t, http.StatusBadGateway, header, body).UpdateAs(t.Context(), "secret", custom(t), change)
	partial, ok := errors.AsType[*midtier.Partial](err)
	if !ok || reply.Version != "v2" || fault.As(err).Kind != fault.Unavailable ||
		!slices.Equal(partial.Applied, []string{"city"}) || !slices.Equal(partial.NotApplied, []string{newsletter}) {
		t.Errorf("got %+v, %v", reply, err)
	}
	_, err = answer(t, http.StatusBadRequest, header, body).UpdateAs(t.Context(), "secret", custom(t), change)
	if _, ok := errors.AsType[*midtier.Partial](err); ok {
		t.Error("a rejected request is taken for one that was made in part")
	}
}

func TestCacheKeepsTheSchemaOfOneMidTier(t *testing.T) {
	dir := t.TempDir()
	cache := midtier.CacheIn(dir, "contoso", "authority", "https://a.example")
	if got := cache.Read(); got.Version != midtier.BuiltIn().Version {
		t.Errorf("an empty cache has version %s", got.Version)
	}
	if err := cache.Write(midtier.Schema{Fields: custom(t), Version: "v1"}); err != nil {
		t.Fatal(err)
	}
	if got := cache.Read(); got.Version != "v1" || !got.Fields.HasCustom() {
		t.Errorf("got %+v", got)
	}
	for name, other := range map[string]midtier.Cache{
		"another tenant":    midtier.CacheIn(dir, "fabrikam", "authority", "https://a.example"),
		"another authority": midtier.CacheIn(dir, "contoso", "other", "https://a.example"),
		"another mid-tier":  midtier.CacheIn(dir, "contoso", "authority", "https://b.example"),
	} {
		if other.Read().Fields.HasCustom() {
			t.Errorf("%s has the schema too", name)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "schema-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(files[0], []byte(`{"version":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := cache.Read(); got.Fields.HasCustom() {
		t.Error("a damaged file has a schema")
	}
	if err := cache.Write(midtier.BuiltIn()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files[0]); err == nil {
		t.Error("the file of a schema with built-in fields alone stays")
	}
}
