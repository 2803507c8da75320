package playground_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// TestMidTierFollowsANewSecret replaces the secret of the mid-tier in each way. The tenant
// exchanges no token for a client with the old secret.
func TestMidTierFollowsANewSecret(t *testing.T) {
	p := start(t, playground.Options{Dir: t.TempDir()})
	c, err := playground.Connect(p.Dir, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string]func(){
		"the control API": func() {
			if _, err := c.ReplaceSecret(t.Context(), p.Facts.MidTierID); err != nil {
				t.Fatal(err)
			}
		},
		"the developer page": func() { submit(t, p, "/sandbox/apps/edit/"+p.Facts.MidTierID+"/secret") },
	} {
		before := p.Tenant.Facts().MidTierSecret
		replace()
		if p.Tenant.Facts().MidTierSecret == before {
			t.Fatalf("%s: the secret is the old one", name)
		}
		signed, err := c.SignToken(t.Context(), control.TokenRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := update(t, p.MidTier, signed.Token); status != http.StatusNoContent {
			t.Errorf("%s: got %d %s", name, status, answer)
		}
	}
}

// TestStartStoresAPasswordOfThePageAtOnce ends like a killed sandbox: without Close.
func TestStartStoresAPasswordOfThePageAtOnce(t *testing.T) {
	p := start(t, playground.Options{Dir: t.TempDir()})
	submit(t, p, "/sandbox/users/edit/"+p.Facts.User+"/password", "password", "a new password 1")
	stored, err := os.ReadFile(filepath.Join(p.Dir, "password"))
	if err != nil || !bytes.HasPrefix(stored, []byte("a new password 1\n")) {
		t.Errorf("got %q, %v", stored, err)
	}
}

// TestReplacedIsCalledOnlyForAnotherTenant changes what the configuration does not contain.
func TestReplacedIsCalledOnlyForAnotherTenant(t *testing.T) {
	var replaced []string
	p := start(t, playground.Options{Dir: t.TempDir(), Replaced: func(f sandbox.Facts) error {
		replaced = append(replaced, f.TenantID)
		return nil
	}})
	c, err := playground.Connect(p.Dir, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReplaceSecret(t.Context(), p.Facts.WebClientID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ResetPassword(t.Context(), p.Facts.User, ""); err != nil {
		t.Fatal(err)
	}
	if len(replaced) != 0 {
		t.Errorf("called for %v", replaced)
	}
	other := start(t, playground.Options{})
	file, err := other.Tenant.Export(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Import(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if len(replaced) != 1 || replaced[0] != other.Facts.TenantID {
		t.Errorf("called for %v, want %s", replaced, other.Facts.TenantID)
	}
}

// submit sends a form of the developer page. The pairs are names and values of fields.
func submit(t *testing.T, p *playground.Playground, path string, pairs ...string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	get := func(address string) []byte {
		res, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		page, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	get(p.Tenant.NewPageLink())
	page := get(p.Facts.Pages + "/sandbox/")
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindSubmatch(page)
	if found == nil {
		t.Fatalf("the page has no CSRF token: %s", page)
	}
	form := url.Values{"csrf": {string(found[1])}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	saved, err := browser.PostForm(p.Facts.Pages+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Body.Close()
	if saved.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d", path, saved.StatusCode)
	}
}
