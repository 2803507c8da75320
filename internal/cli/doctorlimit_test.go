package cli

import (
	"encoding/json"
	"io"
	"net"
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

// TestDoctorEndsInTime takes the real time limits: 8 s for a check, 20 s for all.
func TestDoctorEndsInTime(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes up to 20 s for each case")
	}
	for _, c := range []struct {
		name, failed string
		hang         func(*testing.T, *machine)
	}{
		{"tenant", "net.tls", func(t *testing.T, m *machine) {
			m.variables["PROFILECTL_AUTHORITY"] = "https://" + hangingServer(t) + "/contoso.onmicrosoft.com"
		}},
		{"mid-tier", "midtier.reachable", func(t *testing.T, m *machine) {
			m.variables["PROFILECTL_MID_TIER"] = "http://" + hangingServer(t)
		}},
		{"keyring", "keyring.roundtrip", func(_ *testing.T, m *machine) { m.env.Keyring = silentKeyring{} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			delete(m.variables, "PROFILECTL_STORE")
			c.hang(t, m)
			m.env.Stderr = io.Discard
			start := time.Now()
			code := m.run(t, "doctor", "-o", "json", "--jq", `[.checks[] | select(.status == "failed") | .id]`)
			const most = (20 + 2) * time.Second
			if took := time.Since(start); code != 1 || took > most {
				t.Errorf("ended with %d after %s: %s", code, took, m.out)
			}
			var failed []string
			if err := json.NewDecoder(m.out).Decode(&failed); err != nil || len(failed) != 1 || failed[0] != c.failed {
				t.Errorf("failed: %v, %v; want %s", failed, err, c.failed)
			}
		})
	}
}
