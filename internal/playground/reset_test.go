package playground_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
)

// TestResetKeepsTheTenantIfTheStartFails starts with options that are rejected at different
// times.
func TestResetKeepsTheTenantIfTheStartFails(t *testing.T) {
	dir := t.TempDir()
	kept := start(t, playground.Options{Dir: dir})
	tenantFile, err := kept.Tenant.Export(false)
	if err != nil {
		t.Fatal(err)
	}
	kept.Close()
	port := strings.TrimPrefix(kept.MidTier, "http://localhost:")
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "file.yaml")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const otherApps = "attributes:\n" +
		"- {name: extension_0123456789abcdef0123456789abcdef_Diet, label: Diet, type: string}\n" +
		"- {name: extension_9999999999abcdef0123456789abcdef_Other, label: Other, type: string}\n"
	for name, o := range map[string]playground.Options{
		"a port that is used":        {},
		"a role that does not exist": {NewPorts: true, Empty: true, AdminRoles: []string{"Globl Administrator"}},
		"a seed with a mistake":      {NewPorts: true, Seed: file("users: [{email: no-address}]")},
		"a seed that is not empty":   {NewPorts: true, Seed: file(string(tenantFile)), Empty: true},
		"attributes of two apps":     {NewPorts: true, Attributes: file(otherApps)},
	} {
		o.Dir, o.Reset, o.QuickPasswords = dir, true, true
		if p, err := playground.Start(t.Context(), o); err == nil {
			p.Close()
			t.Errorf("%s: the sandbox started", name)
		}
	}
	l.Close()
	again := start(t, playground.Options{Dir: dir})
	if again.Facts != withMailbox(kept.Facts, again.Facts.Mailbox) {
		t.Errorf("got %+v, want %+v", again.Facts, kept.Facts)
	}
}
