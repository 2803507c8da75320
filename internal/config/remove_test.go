package config_test

import (
	"os"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

func TestFileUnsetAndDeleteKeepTheRest(t *testing.T) {
	path := file(t, `# my tenants
tenant: contoso
tenants:
  contoso:
    authority: contoso # the shop
    account: ada@contoso.example
  fabrikam:
    authority: fabrikam
`)
	err := config.Update(path, func(f *config.File) error {
		if removed, err := f.Unset("tenants.contoso", "account"); err != nil || !removed {
			t.Errorf("unset: %v, %v", removed, err)
		}
		if removed, err := f.Unset("tenants.contoso", "account"); err != nil || removed {
			t.Errorf("unset again: %v, %v", removed, err)
		}
		if _, err := f.Unset("tenants.contoso", "acount"); fault.As(err).Kind != fault.Usage {
			t.Errorf("an unknown setting: %v", err)
		}
		if err := f.Delete("nowhere"); fault.As(err).Kind != fault.Usage {
			t.Errorf("an unknown tenant: %v", err)
		}
		return f.Delete("fabrikam")
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "# my tenants\ntenant: contoso\ntenants:\n  contoso:\n    authority: contoso # the shop\n"
	if raw, err := os.ReadFile(path); err != nil || string(raw) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, raw, want)
	}
}

func TestFileDeleteForgetsTheCurrentTenant(t *testing.T) {
	path := file(t, "tenant: contoso\ntenants:\n  contoso: {}\n  fabrikam: {}\n")
	if err := config.Update(path, func(f *config.File) error { return f.Delete("contoso") }); err != nil {
		t.Fatal(err)
	}
	f, err := config.Read(path)
	if err != nil || f.Current() != "" {
		t.Errorf("the current tenant is %q, %v", f.Current(), err)
	}
}
