package directory

import (
	"slices"
	"testing"
)

func TestOpenConvertsVersion3(t *testing.T) {
	for granted, want := range map[string][]string{
		`["User.ReadWrite"]`: {"User.ReadWrite", PasswordScope},
		`["User.Read"]`:      {"User.Read"},
	} {
		d, err := Open(saved(`{
			"version": 3, "tenantId": "t", "midTier": "api",
			"apps": [{"id": "api", "servicePrincipal": {"id": "p",
				"consents": [{"id": "c", "api": "`+GraphID+`", "scopes": `+granted+`}]}}]
		}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		d.View(func(s *State) {
			if got := s.Apps[0].Consented(GraphID); s.Version != Version || !slices.Equal(got, want) {
				t.Errorf("%s: version %d, consent %q, want %q", granted, s.Version, got, want)
			}
		})
	}
}
