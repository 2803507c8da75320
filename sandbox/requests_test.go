package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestRequestsBoundsWhatItRemembers(t *testing.T) {
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	address := tenant.Facts().Graph + "/" + strings.Repeat("x", 32<<10)
	req, err := http.NewRequestWithContext(t.Context(), strings.Repeat("M", 8<<10), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tenant.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	const most = 256
	for _, r := range tenant.Requests() {
		if len(r.Path) > most || len(r.Method) > most {
			t.Errorf("remembered %d bytes of the path and %d of the method", len(r.Path), len(r.Method))
		}
	}
	if len(tenant.Requests()) != 1 {
		t.Errorf("remembered %d requests", len(tenant.Requests()))
	}
}
