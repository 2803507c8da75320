package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

func TestPrecedence(t *testing.T) {
	f, err := config.Read(file(t, "tenants:\n  contoso:\n    graph: https://file.example\n    account: casey\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(config.Source{
		Table: config.Client(), Section: "tenants.contoso", File: f, Flags: map[string]string{"account": "ada"},
		Getenv: env("GRAPH_API_ENDPOINT", "https://howto.example/", "PROFILECTL_GRAPH", "https://ours.example", "PROFILECTL_ACCOUNT", "eve"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"account": {"ada", "flag --account"}, "graph": {"https://ours.example", "environment PROFILECTL_GRAPH"}, "mid-tier": {"http://localhost:3001", "default"},
	} {
		if s.Text(name) != want[0] || s.Origin(name) != want[1] {
			t.Errorf("%s is %q from %q, want %v", name, s.Text(name), s.Origin(name), want)
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	_, err := config.Load(config.Source{Table: config.Client(), Section: "x", Flags: map[string]string{}, Getenv: env(
		"AUTHORITY", "https://Enter_the_Tenant_Subdomain_Here.ciamlogin.com/", "CLIENT_ID", "abc",
		"EDIT_PROFILE_FOR_CLIENT_WEB_APP", "Add_your_protected_scope_here", "PROFILECTL_REDIRECT_PORT", "70000",
		"GRAPH_API_ENDPOINT", "http://graph", "PROFILECTL_MID_TIER", "http://example.com", "PROFILECTL_STORE", "paper")})
	f := fault.As(err)
	want := "authority (environment AUTHORITY) still holds the placeholder of the sample; " +
		"client-id (environment CLIENT_ID) is not an id of the form 00000000-0000-0000-0000-000000000000; " +
		"edit-scope (environment EDIT_PROFILE_FOR_CLIENT_WEB_APP) still holds the placeholder of the sample; " +
		"mid-tier (environment PROFILECTL_MID_TIER) is plain http, which is for localhost only; " +
		"graph (environment GRAPH_API_ENDPOINT) is not an https address; " +
		"redirect-port (environment PROFILECTL_REDIRECT_PORT) is not a port between 0 and 65535; " +
		"store (environment PROFILECTL_STORE) is not one of keyring, file, memory"
	if f.Kind != fault.Usage || f.What != want {
		t.Errorf("got  %s\nwant %s", f.What, want)
	}
}

func TestTheClientTakesNothingOfAzures(t *testing.T) {
	for _, row := range config.Client() {
		for _, name := range row.Env {
			if strings.HasPrefix(name, "AZURE_") {
				t.Errorf("%s reads %s", row.Name, name)
			}
		}
	}
}

func TestEveryDefaultPassesItsOwnCheck(t *testing.T) {
	for _, row := range append(config.Client(), config.Server()...) {
		if row.Help == "" || len(row.Env) == 0 || !strings.HasPrefix(row.Env[0], "PROFILECTL_") {
			t.Errorf("%s lacks its help or its own name in the environment", row.Name)
		}
		if row.Default != "" && row.Check != nil && row.Check(row.Default) != nil {
			t.Errorf("%s: the default %q is not valid", row.Name, row.Default)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, text, what string }{
		{"not YAML", "a: [", "is not YAML"},
		{"a list", "- a", "line 1 does not hold settings"},
		{"an unknown section", "tenant: x\ntenats: {}", `line 2 has no setting called "tenats"; did you mean tenants?`},
		{"an unknown setting", "tenants:\n  contoso:\n    authorty: x", `line 3 has no setting called "authorty"; did you mean authority?`},
		{"a secret", "serve:\n  client-secret: x", `line 2 has no setting called "client-secret"`},
		{"a tenant with a bad name", "tenants:\n  Con toso: {}", `line 2 has a tenant called "Con toso"; names are lower-case letters, digits and hyphens`},
		{"a list for a value", "tenants:\n  contoso:\n    graph: [a]", "line 3 graph is not a single value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, c.text)
			_, err := config.Read(path)
			if f := fault.As(err); f.Kind != fault.Usage || !strings.HasPrefix(f.What, path+" "+c.what) {
				t.Errorf("got %v, want %s %s", err, path, c.what)
			}
		})
	}
}

func TestUpdateKeepsCommentsAndLosesNoEdit(t *testing.T) {
	path := file(t, "# mine\ntenants:\n  contoso:\n    authority: contoso # ours\n")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			err := config.Update(path, func(f *config.File) error { return f.Set(fmt.Sprintf("tenants.t%d", i), "authority", "contoso") })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := config.Read(path)
	if err != nil || len(f.Tenants()) != 11 {
		t.Errorf("the tenants are %v, %v", f.Tenants(), err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "# mine") || !strings.Contains(string(raw), "# ours") {
		t.Errorf("the comments are lost: %s", raw)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

func TestWhich(t *testing.T) {
	two := "tenants:\n  contoso: {}\n  fabrikam: {}\n"
	for _, c := range []struct {
		name, text, named string
		getenv            func(string) string
		want, what        string
	}{
		{"the named one", two, "fabrikam", env(), "fabrikam", ""},
		{"the current one", "tenant: fabrikam\n" + two, "", env(), "fabrikam", ""},
		{"the only one", "tenants:\n  contoso: {}\n", "", env(), "contoso", ""},
		{"the environment's", two, "", env("TENANT_SUBDOMAIN", "contoso"), config.FromEnvironment, ""},
		{"none of two", two, "", env(), "", "several tenants are configured and none was named"},
		{"none at all", "", "", env(), "", "no tenant is configured"},
		{"one that is not there", two, "contosso", env(), "", `no tenant called "contosso" is configured`},
		{"a current one that is not there", "tenant: gone\n" + two, "", env(), "", `no tenant called "gone" is configured`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := config.Read(file(t, c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Which(f, c.named, c.getenv)
			if got != c.want || c.what != "" && fault.As(err).What != c.what || c.what == "" && err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		name, goos    string
		getenv        func(string) string
		config, state string
	}{
		{"a home", "linux", env("HOME", "/h"), "/h/.config/profilectl/config.yaml", "/h/.local/state/profilectl"},
		{"macOS follows XDG too", "darwin", env("HOME", "/h"), "/h/.config/profilectl/config.yaml", "/h/.local/state/profilectl"},
		{"XDG", "linux", env("HOME", "/h", "XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s"), "/c/profilectl/config.yaml", "/s/profilectl"},
		{"a relative path is passed over", "linux", env("HOME", "/h", "XDG_CONFIG_HOME", "c"), "/h/.config/profilectl/config.yaml", "/h/.local/state/profilectl"},
		{"our own folder", "linux", env("HOME", "/h", "PROFILECTL_CONFIG_DIR", "/own"), "/own/config.yaml", "/h/.local/state/profilectl"},
		{"no home", "linux", env(), "", ""},
	} {
		got, err := config.LocatePaths(c.goos, c.getenv)
		if got.Config != c.config || got.State != c.state || (err != nil) != (c.config == "") {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}

func TestASecretDoesNotShow(t *testing.T) {
	s := config.Secret("hunter2")
	raw, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), string(raw), s.LogValue().String()} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("it shows in %q", text)
		}
	}
	settings, err := config.Load(config.Source{Table: config.Server(), Section: "serve", Flags: map[string]string{}, Getenv: env("CLIENT_SECRET", "hunter2")})
	if err != nil || settings.Secret("client-secret").Reveal() != "hunter2" || strings.Contains(fmt.Sprint(settings.All()), "hunter2") {
		t.Errorf("got %v, %v", settings.All(), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("tenant: a\ntenants:\n  a:\n    graph: https://x\n")
	f.Add("serve: &a {listen: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Read(path)
		if err != nil {
			if fault.As(err).Kind != fault.Usage {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		_, _ = config.Which(c, "", env())
		_, _ = config.Load(config.Source{Table: config.Client(), Section: "tenants.a", Flags: map[string]string{}, Getenv: env(), File: c})
	})
}
