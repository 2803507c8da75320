package config_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

func TestWhichChoosesTheTenant(t *testing.T) {
	const two = "tenants:\n  contoso: {}\n  fabrikam: {}\n"
	for _, c := range []struct {
		name, text, named string
		getenv            func(string) string
		want, what        string
	}{
		{
			name: "the named one", text: two, named: "fabrikam", getenv: env(),
			want: "fabrikam",
		},
		{
			name: "the current one", text: "tenant: fabrikam\n" + two, getenv: env(),
			want: "fabrikam",
		},
		{
			name: "the only one", text: "tenants:\n  contoso: {}\n", getenv: env(),
			want: "contoso",
		},
		{
			name: "the one that the environment describes",
			text: "tenant: fabrikam\n" + two, getenv: env("TENANT_SUBDOMAIN", "contoso"),
			want: config.FromEnvironment,
		},
		{
			name: "none of two", text: two, getenv: env(),
			what: "several tenants are configured and none was named",
		},
		{
			name: "no tenant at all", getenv: env(),
			what: "no tenant is configured",
		},
		{
			name: "a named one that does not exist", text: two, named: "contosso", getenv: env(),
			what: `no tenant called "contosso" is configured`,
		},
		{
			name: "a current one that does not exist", text: "tenant: gone\n" + two, getenv: env(),
			what: `no tenant called "gone" is configured`,
		},
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

func TestWhichSuggestsASimilarTenant(t *testing.T) {
	f, err := config.Read(file(t, "tenants:\n  contoso: {}\n  fabrikam: {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Which(f, "contosso", env())
	const want = "did you mean contoso? Otherwise use one of contoso, fabrikam"
	if got := fault.As(err); got.Fix != want || got.Next != fault.DoConfigureTenant {
		t.Errorf("got %q and %q, want %q", got.Fix, got.Next, want)
	}
}

func TestValidTenantName(t *testing.T) {
	for name, want := range map[string]bool{
		"contoso":               true,
		"0-day":                 true,
		strings.Repeat("a", 63): true,
		strings.Repeat("a", 64): false,
		"":                      false,
		"-contoso":              false,
		"Contoso":               false,
		"con toso":              false,
		"zürich":                false,
		"environment":           false, // that is the tenant of the environment
	} {
		if got := config.ValidTenantName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// pathCase is an environment and the paths in it. The paths are empty if there are none.
type pathCase struct {
	name, goos    string
	getenv        func(string) string
	config, state string
}

// TestLocatePaths checks the paths of macOS on Linux, too. Those of Windows need
// Windows, because package filepath decides which paths are absolute.
func TestLocatePaths(t *testing.T) {
	cases := posixPaths()
	if runtime.GOOS == "windows" {
		cases = windowsPaths()
	}
	for _, c := range cases {
		got, err := config.LocatePaths(c.goos, c.getenv)
		if got.Config != c.config || got.State != c.state || (err != nil) != (c.config == "") {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}

func posixPaths() []pathCase {
	const homeConfig, homeState = "/h/.config/profilectl/config.yaml", "/h/.local/state/profilectl"
	return []pathCase{
		{
			"a home directory", "linux", env("HOME", "/h"),
			homeConfig, homeState,
		},
		{
			"XDG on macOS too", "darwin", env("HOME", "/h"),
			homeConfig, homeState,
		},
		{
			"the XDG variables", "linux", env("HOME", "/h", "XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s"),
			"/c/profilectl/config.yaml", "/s/profilectl",
		},
		{
			"the XDG variables on macOS", "darwin", env("HOME", "/h", "XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s"),
			"/c/profilectl/config.yaml", "/s/profilectl",
		},
		{
			"a relative path, which is ignored", "linux", env("HOME", "/h", "XDG_CONFIG_HOME", "c"),
			homeConfig, homeState,
		},
		{
			"PROFILECTL_CONFIG_DIR", "linux", env("HOME", "/h", "PROFILECTL_CONFIG_DIR", "/own"),
			"/own/config.yaml", homeState,
		},
		{
			"PROFILECTL_STATE_DIR", "linux", env("HOME", "/h", "PROFILECTL_STATE_DIR", "/own"),
			homeConfig, "/own",
		},
		{
			"no home directory", "linux", env(),
			"", "",
		},
	}
}

func windowsPaths() []pathCase {
	const roaming, local = `C:\Users\Jörg Müller\AppData\Roaming`, `C:\Users\Jörg Müller\AppData\Local`
	return []pathCase{
		{
			"the application data directories", "windows", env("AppData", roaming, "LocalAppData", local),
			roaming + `\profilectl\config.yaml`, local + `\profilectl`,
		},
		{
			"a share", "windows", env("AppData", `\\server\home\ada`, "LocalAppData", local),
			`\\server\home\ada\profilectl\config.yaml`, local + `\profilectl`,
		},
		{
			"the XDG variables, which Unix alone uses", "windows",
			env("AppData", roaming, "LocalAppData", local, "HOME", `C:\h`, "XDG_CONFIG_HOME", `C:\c`),
			roaming + `\profilectl\config.yaml`, local + `\profilectl`,
		},
		{
			"PROFILECTL_CONFIG_DIR", "windows",
			env("AppData", roaming, "LocalAppData", local, "PROFILECTL_CONFIG_DIR", `D:\own`),
			`D:\own\config.yaml`, local + `\profilectl`,
		},
		{
			"a path without a drive, which is ignored", "windows",
			env("AppData", roaming, "LocalAppData", local, "PROFILECTL_STATE_DIR", `\own`),
			roaming + `\profilectl\config.yaml`, local + `\profilectl`,
		},
		{
			"no application data directory", "windows", env("LocalAppData", local),
			"", "",
		},
	}
}
