package cli

import (
	"strings"
	"sync"
	"testing"
)

// TestClientReadsNoAzureVariable runs commands on a machine with variables for a workforce
// tenant. The settings are in the configuration, so that no other variable has precedence.
func TestClientReadsNoAzureVariable(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for name, key := range map[string]string{
		"PROFILECTL_AUTHORITY":  "authority",
		"PROFILECTL_CLIENT_ID":  "client-id",
		"PROFILECTL_EDIT_SCOPE": "edit-scope",
		"PROFILECTL_MID_TIER":   "mid-tier",
		"PROFILECTL_GRAPH":      "graph",
		"PROFILECTL_CA_FILE":    "ca-file",
	} {
		value := m.variables[name]
		delete(m.variables, name)
		if code := m.run(t, "config", "set", "--tenant", "contoso", key, value); value == "" || code != 0 {
			t.Fatalf("config set %s %q: ended with %d: %s", key, value, code, m.out)
		}
	}
	var mu sync.Mutex
	read := map[string]bool{}
	m.env.Getenv = func(name string) string {
		mu.Lock()
		defer mu.Unlock()
		read[name] = true
		return m.variables[name]
	}
	for _, name := range []string{"AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"} {
		m.variables[name] = "of-the-workforce-tenant"
	}
	for _, line := range []string{
		"login --tenant contoso", "show --tenant contoso", "whoami --tenant contoso", "token --tenant contoso",
		"edit --tenant contoso --city Bern", "history --tenant contoso", "config list --tenant contoso",
		"doctor --tenant contoso", "logout --tenant contoso",
	} {
		if code := m.run(t, strings.Fields(line)...); code != 0 {
			t.Errorf("%s: ended with %d: %s", line, code, m.out)
		}
	}
	for name := range read {
		if strings.HasPrefix(name, "AZURE_") {
			t.Errorf("the commands read %s", name)
		}
	}
	if !read["PROFILECTL_AUTHORITY"] {
		t.Errorf("the variables are read in another way; seen: %v", read)
	}
}
