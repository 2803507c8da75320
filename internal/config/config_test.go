package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestChangesSeparatesSettingsThatNeedARestart(t *testing.T) {
	load := func(pairs ...string) config.Settings {
		s, err := config.Load(config.Source{Table: config.Server(), Getenv: env(pairs...)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := load("PROFILECTL_SERVE_RATE", "5", "PROFILECTL_SERVE_CLIENT_SECRET_EXPIRES", "2027-05-31")
	after := load("PROFILECTL_SERVE_TIMEOUT", "5s", "PROFILECTL_SERVE_CLIENT_SECRET_EXPIRES", "2027-05-31T12:00:00Z")
	live, restart := before.Changes(after)
	if !slices.Equal(live, []string{"client-secret-expires", "rate"}) || !slices.Equal(restart, []string{"timeout"}) {
		t.Errorf("got %v, %v", live, restart)
	}
	if live, restart := before.Changes(before); live != nil || restart != nil {
		t.Errorf("without a change: got %v, %v", live, restart)
	}
	const name = "client-secret-expires"
	if first, second := before.Date(name), after.Date(name); second.Sub(first) != 12*time.Hour {
		t.Errorf("the dates are %v and %v", first, second)
	}
	for _, text := range []string{"31.5.2027", "2027-13-01", "soon"} {
		source := config.Source{Table: config.Server(), Getenv: env("PROFILECTL_SERVE_CLIENT_SECRET_EXPIRES", text)}
		if _, err := config.Load(source); err == nil {
			t.Errorf("the date %q is accepted", text)
		}
	}
}

func TestLoadPrefersFlagsToEnvironmentToFile(t *testing.T) {
	f, err := config.Read(file(t, "tenants:\n  contoso:\n    graph: https://file.example\n    account: casey\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(config.Source{
		Table:   config.Client(),
		Section: "tenants.contoso",
		File:    f,
		Flags:   map[string]string{"account": "ada"},
		Getenv: env(
			"GRAPH_API_ENDPOINT", "https://sample.example/",
			"PROFILECTL_GRAPH", "https://own.example",
			"PROFILECTL_ACCOUNT", "eve",
		),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"account":  {"ada", "flag --account"},
		"graph":    {"https://own.example", "environment PROFILECTL_GRAPH"},
		"mid-tier": {"http://localhost:3001", "default"},
	} {
		if s.Text(name) != want[0] || s.Origin(name) != want[1] {
			t.Errorf("%s is %q from %q, want %v", name, s.Text(name), s.Origin(name), want)
		}
	}
}

func TestLoadPrefersTheOperatorToThePlatform(t *testing.T) {
	f, err := config.Read(file(t, "serve:\n  client-id: 11111111-2222-3333-4444-555555555555\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(config.Source{
		Table:   config.Server(),
		Section: "serve",
		File:    f,
		Getenv: env(
			"AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000a2a2",
			"AZURE_TENANT_ID", "contoso.onmicrosoft.com",
			"AZURE_FEDERATED_TOKEN_FILE", "/var/run/token",
			"CLIENT_SECRET", "\ufeffsecret\r\n",
			"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317",
		),
	})
	if err != nil {
		t.Fatal(err)
	}
	if id := s.Text("client-id"); id != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("client-id is %s", id)
	}
	name, err := s.OneOf("federated-token-file", "client-secret")
	if err != nil || name != "client-secret" || s.Secret(name).Reveal() != "secret" {
		t.Errorf("the credential is %s, %v", name, err)
	}
	if !s.FromPlatform("federated-token-file") || s.FromPlatform("client-secret") {
		t.Error("the sources are mixed up")
	}
	want := []config.Ignored{
		{
			Setting:  "tenant-id",
			Variable: "AZURE_TENANT_ID",
			Reason:   "must be an ID such as 00000000-0000-0000-0000-000000000000",
		},
		{
			Setting:  "otlp-endpoint",
			Variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
			Reason:   "must be an address such as http://localhost:4318",
		},
	}
	if got := s.Ignored(); !slices.Equal(got, want) {
		t.Errorf("ignored %+v", got)
	}
}

func TestOneOfAcceptsSeveralValuesOfThePlatform(t *testing.T) {
	s, err := config.Load(config.Source{
		Table:  config.Server(),
		Getenv: env("AZURE_CLIENT_SECRET", "x", "AZURE_FEDERATED_TOKEN_FILE", "token"),
	})
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.OneOf("client-secret", "federated-token-file")
	if err != nil || name != "client-secret" {
		t.Errorf("got %q, %v", name, err)
	}
}

func TestClientReadsBothNamesOfTheEditScope(t *testing.T) {
	for _, variable := range []string{"EDIT_PROFILE_FOR_CLIENT_WEB_APP", "EDIT_PROFILE_SCOPE"} {
		s, err := config.Load(config.Source{Table: config.Client(), Getenv: env(variable, "api://x/y")})
		if err != nil || s.Text("edit-scope") != "api://x/y" {
			t.Errorf("%s: got %q, %v", variable, s.Text("edit-scope"), err)
		}
	}
}

func TestLoadNamesAllInvalidValues(t *testing.T) {
	_, err := config.Load(config.Source{
		Table:   config.Client(),
		Section: "x",
		Getenv: env(
			"AUTHORITY", "https://Enter_the_Tenant_Subdomain_Here.ciamlogin.com/",
			"CLIENT_ID", "abc",
			"EDIT_PROFILE_FOR_CLIENT_WEB_APP", "Add_your_protected_scope_here",
			"PROFILECTL_REDIRECT_PORT", "70000",
			"GRAPH_API_ENDPOINT", "http://graph",
			"PROFILECTL_MID_TIER", "http://example.com",
			"PROFILECTL_STORE", "paper",
		),
	})
	f := fault.As(err)
	want := "authority (environment AUTHORITY) still holds the placeholder of the sample; " +
		"client-id (environment CLIENT_ID) must be an ID such as 00000000-0000-0000-0000-000000000000; " +
		"edit-scope (environment EDIT_PROFILE_FOR_CLIENT_WEB_APP) still holds the placeholder of the sample; " +
		"mid-tier (environment PROFILECTL_MID_TIER) must be an https address; plain http is for localhost only; " +
		"graph (environment GRAPH_API_ENDPOINT) must be an https address; " +
		"redirect-port (environment PROFILECTL_REDIRECT_PORT) must be a port between 0 and 65535; " +
		"store (environment PROFILECTL_STORE) must be one of keyring, file, memory"
	if f.Kind != fault.Usage || f.What != want {
		t.Errorf("got  %s\nwant %s", f.What, want)
	}
}

func TestClientSettingsHaveNoAzureVariable(t *testing.T) {
	for _, row := range config.Client() {
		for _, name := range row.Env {
			if strings.HasPrefix(name, "AZURE_") {
				t.Errorf("%s reads %s", row.Name, name)
			}
		}
	}
}

func TestTablesHaveHelpVariablesAndValidDefaults(t *testing.T) {
	const longestHelp = 60
	for _, row := range append(config.Client(), config.Server()...) {
		if row.Help == "" || len(row.Help) > longestHelp {
			t.Errorf("%s: the help has %d characters, want 1 to %d", row.Name, len(row.Help), longestHelp)
		}
		if len(row.Env) == 0 || !strings.HasPrefix(row.Env[0], "PROFILECTL_") {
			t.Errorf("%s has no environment variable of its own", row.Name)
		}
		if row.Default != "" && row.Check != nil && row.Check(row.Default) != nil {
			t.Errorf("%s: the default %q is not valid", row.Name, row.Default)
		}
	}
}

func TestReadRejectsInvalidFiles(t *testing.T) {
	for _, c := range []struct{ name, text, what string }{
		{
			"invalid YAML",
			"a: [",
			"is not valid YAML",
		},
		{
			"a list",
			"- a",
			"line 1 does not hold settings",
		},
		{
			"an unknown section",
			"tenant: x\ntenats: {}",
			`line 2 has no setting called "tenats"; did you mean tenants?`,
		},
		{
			"an unknown setting",
			"tenants:\n  contoso:\n    authorty: x",
			`line 3 has no setting called "authorty"; did you mean authority?`,
		},
		{
			"a secret",
			"serve:\n  client-secret: x",
			`line 2 has no setting called "client-secret"`,
		},
		{
			"a tenant with an invalid name",
			"tenants:\n  Con toso: {}",
			`line 2 has a tenant called "Con toso"; names are ` + config.TenantNameRule,
		},
		{
			"a setting that is there twice",
			"tenants:\n  contoso:\n    graph: a\n    graph: b",
			`line 4 has "graph" a second time`,
		},
		{
			"a tenant that is there twice",
			"tenants:\n  contoso: {}\n  contoso: {}",
			`line 3 has "contoso" a second time`,
		},
		{
			"a section that is there twice",
			"tenants: {}\nserve: {}\ntenants: {}",
			`line 3 has "tenants" a second time`,
		},
		{
			"a list as the value of a setting",
			"tenants:\n  contoso:\n    graph: [a]",
			"line 3 graph must be a single value",
		},
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

func FuzzRead(f *testing.F) {
	f.Add("tenant: a\ntenants:\n  a:\n    graph: https://x\n")
	f.Add("serve: &a {listen: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Read(file(t, text))
		if err != nil {
			if fault.As(err).Kind != fault.Usage {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		_, _ = config.Which(c, "", env())
		_, _ = config.Load(config.Source{
			Table:   config.Client(),
			Section: "tenants.a",
			Getenv:  env(),
			File:    c,
		})
	})
}

func TestSettingsReadAListOfAudiences(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	for text, want := range map[string][]string{
		"":                                     nil,
		id:                                     {id},
		" api://contoso/profile , " + id + ",": nil, // an empty value is a mistake
		"api://contoso/profile, " + id:         {"api://contoso/profile", id},
		"https://contoso.com/a/b":              {"https://contoso.com/a/b"},
		"urn:contoso:profile":                  {"urn:contoso:profile"},
		"profile":                              nil,
		"api://Enter_the_Client_ID":            nil,
	} {
		s, err := config.Load(config.Source{Table: config.Server(), Getenv: env("PROFILECTL_SERVE_AUDIENCE", text)})
		if err != nil {
			s = config.Settings{}
		}
		if got := s.List("audience"); !slices.Equal(got, want) {
			t.Errorf("%q: got %q (%v), want %q", text, got, err, want)
		}
	}
}
