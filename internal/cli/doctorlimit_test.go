package cli

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/tokenstore"
)

// silentKeyring is a keyring that never answers.
type silentKeyring struct{ tokenstore.Ring }

func (silentKeyring) Get(string, string) (string, error) { select {} }
func (silentKeyring) Set(string, string, string) error   { select {} }
func (silentKeyring) Delete(string, string) error        { select {} }

// hangingServer returns the address of a server that accepts connections and never
// answers.
func hangingServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// TestDoctorEndsInTime takes the real time limit of a check. Checks that hang do so at the same
// time, so that several ones take no longer than one.
func TestDoctorEndsInTime(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes up to 8 s for each case")
	}
	tenant := func(t *testing.T, m *machine) {
		m.variables["PROFILECTL_AUTHORITY"] = "https://" + hangingServer(t) + "/contoso.onmicrosoft.com"
	}
	midTier := func(t *testing.T, m *machine) { m.variables["PROFILECTL_MID_TIER"] = "http://" + hangingServer(t) }
	keyring := func(_ *testing.T, m *machine) { m.env.Keyring = silentKeyring{} }
	for _, c := range []struct {
		name, failed string
		hang         []func(*testing.T, *machine)
	}{
		{"tenant", "net.tls", []func(*testing.T, *machine){tenant}},
		{"mid-tier", "midtier.reachable", []func(*testing.T, *machine){midTier}},
		{"keyring", "keyring.roundtrip", []func(*testing.T, *machine){keyring}},
		{"mid-tier and keyring", "keyring.roundtrip midtier.reachable", []func(*testing.T, *machine){midTier, keyring}},
		{
			name:   "tenant, mid-tier and keyring",
			failed: "net.tls midtier.reachable", // without a tenant, the keyring is not checked
			hang:   []func(*testing.T, *machine){tenant, midTier, keyring},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			delete(m.variables, "PROFILECTL_STORE")
			for _, hang := range c.hang {
				hang(t, m)
			}
			m.env.Stderr = io.Discard
			start := time.Now()
			code := m.run(t, "doctor", "-o", "json", "--jq", `[.checks[] | select(.status == "failed") | .id]`)
			const limit, slack = 8 * time.Second, 5 * time.Second // slack is for the other checks
			if took := time.Since(start); code != 1 || took > limit+slack {
				t.Errorf("ended with %d after %s: %s", code, took, m.out)
			}
			var failed []string
			if err := json.NewDecoder(m.out).Decode(&failed); err != nil || strings.Join(failed, " ") != c.failed {
				t.Errorf("failed: %v, %v; want %s", failed, err, c.failed)
			}
		})
	}
}
