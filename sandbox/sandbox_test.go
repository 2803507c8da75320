package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// memoryStore is a Store in memory.
type memoryStore struct{ state []byte }

func (m *memoryStore) Load() ([]byte, error)   { return m.state, nil }
func (m *memoryStore) Save(state []byte) error { m.state = slices.Clone(state); return nil }

func TestRestartKeepsTheTenant(t *testing.T) {
	store := &memoryStore{}
	before := newClient(t, sandbox.Config{Store: store})
	password := before.facts.Password
	refresh := before.tokens(readScope).RefreshToken
	after := newClient(t, sandbox.Config{Store: store})
	if after.facts.TenantID != before.facts.TenantID || after.facts.Mailbox != before.facts.Mailbox {
		t.Fatal("it is another tenant")
	}
	if got := after.refresh(refresh); got.Status != 200 {
		t.Errorf("the refresh token got %+v", got)
	}
	after.user.Password = password
	if after.signIn(readScope); after.code() == "" {
		t.Errorf("the password got %v", after.response)
	}
	if strings.Contains(string(store.state), password) {
		t.Error("the state contains the password")
	}
}

// TestFactsNameTheSeededAppsAfterARestart registers further apps before the
// restart. The facts still name those that the tenant was created with.
func TestFactsNameTheSeededAppsAfterARestart(t *testing.T) {
	store := &memoryStore{}
	c := newClient(t, sandbox.Config{Store: store})
	for _, app := range []string{
		`{"name":"another cli","public":true,"redirectUris":["http://localhost"]}`,
		`{"name":"another web app","redirectUris":["https://app.example/back"]}`,
	} {
		if status, body := c.control(controlKey, http.MethodPost, "/apps", app); status != http.StatusOK {
			t.Fatalf("got %d %s", status, body)
		}
	}
	want := c.facts
	want.Password = "" // only its hash was stored
	if got := newClient(t, sandbox.Config{Store: store}).facts; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
