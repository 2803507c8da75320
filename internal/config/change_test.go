package config_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

func TestUpdateKeepsCommentsAndConcurrentChanges(t *testing.T) {
	path := file(t, "# mine\ntenants:\n  contoso:\n    authority: contoso # ours\n")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			err := config.Update(t.Context(), path, func(f *config.File) error {
				return f.Set(fmt.Sprintf("tenants.t%d", i), "authority", "contoso")
			})
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
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

func TestFileSetFillsAnEmptySection(t *testing.T) {
	path := file(t, "tenants: # none yet\n")
	err := config.Update(t.Context(), path, func(f *config.File) error {
		return f.Set("tenants.contoso", "authority", "contoso")
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "tenants: # none yet\n  contoso:\n    authority: contoso\n"
	if raw, err := os.ReadFile(path); err != nil || string(raw) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, raw, want)
	}
}

func TestFileSetMakesPathsAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := config.Read("config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := filepath.Abs("ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Set("tenants.contoso", "ca-file", "ca.pem"); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Value("tenants.contoso", "ca-file"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

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
	err := config.Update(t.Context(), path, func(f *config.File) error {
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
	if err := config.Update(t.Context(), path, func(f *config.File) error { return f.Delete("contoso") }); err != nil {
		t.Fatal(err)
	}
	f, err := config.Read(path)
	if err != nil || f.Current() != "" {
		t.Errorf("the current tenant is %q, %v", f.Current(), err)
	}
}

func TestUpdateStopsWaitingForTheLock(t *testing.T) {
	path := file(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	err := config.Update(t.Context(), path, func(*config.File) error { // holds the lock
		cancel()
		return config.Update(ctx, path, func(*config.File) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
