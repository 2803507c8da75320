package sandbox_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// fullStore is a store on a disk that becomes full.
type fullStore struct{ full bool }

func (s *fullStore) Load() ([]byte, error) { return nil, nil }

func (s *fullStore) Save([]byte) error {
	if s.full {
		return fmt.Errorf("write state: %w", &os.PathError{Op: "write", Path: "/tmp/state", Err: syscall.ENOSPC})
	}
	return nil
}

func TestControlReportsAFullDiskAsServerError(t *testing.T) {
	store := &fullStore{}
	c := newClient(t, sandbox.Config{Store: store})
	tenant, err := c.tenant.Export(true)
	if err != nil {
		t.Fatal(err)
	}
	store.full = true
	for _, row := range []struct{ method, path, body string }{
		{"POST", "/users", `{"email":"ada@contoso.example"}`},
		{"PATCH", "/users/" + c.facts.User, `{"password":"A good password"}`},
		{"POST", "/apps/" + c.facts.WebClientID + "/secret", ``},
		{"POST", "/keys", ``},
		{"PUT", "/policy", `{"on":false}`},
		{"PUT", "/tenant", string(tenant)},
	} {
		status, body := c.control(controlKey, row.method, row.path, row.body)
		want := "the tenant cannot be stored: " + syscall.ENOSPC.Error()
		if status != http.StatusInternalServerError || strings.TrimSpace(body) != want {
			t.Errorf("%s %s: got %d %s, want %s", row.method, row.path, status, body, want)
		}
	}
	if got := c.tenant.Facts(); got != c.facts {
		t.Errorf("got %+v, want %+v", got, c.facts)
	}
}
