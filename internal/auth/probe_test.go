package auth_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestProbeKeepsNoToken(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	edit := w.tenant.Facts().EditScope
	if _, ch, err := w.client.Probe(t.Context(), signedIn.Account, []string{edit}, nil); ch == nil || err != nil {
		t.Errorf("with the policy: %v, %v; want a challenge", ch, err)
	}
	if err := w.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the refresh token is kept
		got, ch, err := w.client.Probe(t.Context(), signedIn.Account, []string{edit}, nil)
		if got.Access == "" || ch != nil || err != nil {
			t.Errorf("without the policy: %v, %v; want a token", ch, err)
		}
	}
	if had, err := w.client.HasHad(t.Context(), signedIn.Account, edit); had || err != nil {
		t.Errorf("the token of a probe was kept: %v", err)
	}
	cached, ok, err := w.client.Cached(t.Context(), signedIn.Account, []string{"User.Read"})
	if !ok || err != nil || cached.Access != signedIn.Access {
		t.Errorf("the cached token was not kept: %v", err)
	}
	if _, _, err := w.client.Silent(t.Context(), signedIn.Account, []string{edit}, nil); err != nil {
		t.Fatal(err)
	}
	if had, err := w.client.HasHad(t.Context(), signedIn.Account, edit); !had || err != nil {
		t.Errorf("a kept token was not found: %v", err)
	}
}
