package playground_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
)

// Two kept sandboxes and a temporary one run at the same time. Each has its own tenant,
// ports, CA, mail and control API, and survives the end of the others.
func TestSandboxesDoNotDisturbEachOther(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir(), ""}
	var all []*playground.Playground
	var seen []string
	for _, dir := range dirs {
		p := start(t, playground.Options{Dir: dir})
		for _, value := range []string{p.Facts.Authority, p.Facts.Pages, p.MidTier, p.CAFile, p.ControlKey} {
			if slices.Contains(seen, value) {
				t.Errorf("two sandboxes have %s", value)
			}
			seen = append(seen, value)
		}
		all = append(all, p)
	}
	playground.SweepTemporary() // as the start of another one does
	if err := all[0].Tenant.AddUser("ada@contoso.example", "a new password 1", "Ada"); err != nil {
		t.Fatal(err)
	}
	for i, p := range all {
		_, forms := signIn(t, p, p.Facts.Authority, hostMap(t, p))
		if !slices.Contains(forms, "sign-in") || !slices.Contains(forms, "code-form") {
			t.Errorf("sandbox %d asked for %v", i, forms)
		}
		if got := len(p.Tenant.Mail("")); got != 1 {
			t.Errorf("sandbox %d has sent %d emails", i, got)
		}
	}
	for i, dir := range dirs[:2] {
		c, err := playground.Connect(dir, http.DefaultClient)
		if err != nil {
			t.Fatal(err)
		}
		users, err := c.Users(t.Context())
		if want := 2 - i; err != nil || len(users) != want {
			t.Errorf("sandbox %d has %d users, want %d: %v", i, len(users), want, err)
		}
	}
	all[0].Close()
	all[2].Close()
	if !playground.Running(dirs[1]) {
		t.Error("the second sandbox ended with the others")
	}
	if res, err := http.Get(all[1].Facts.Mailbox); err != nil {
		t.Errorf("the second sandbox: %v", err)
	} else {
		res.Body.Close()
	}
}
