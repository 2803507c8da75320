package directory

import (
	"reflect"
	"testing"
)

// saved is a Store that holds one document.
type saved string

func (s saved) Load() ([]byte, error) { return []byte(s), nil }
func (saved) Save([]byte) error       { return nil }

func TestOpenConvertsVersion1(t *testing.T) {
	d, err := Open(saved(`{
		"version": 1,
		"tenantId": "t",
		"apps": [
			{"id": "web", "name": "ciam-client-app"},
			{"id": "api", "name": "edit-profile-service", "scopes": ["EditProfileService.ReadWrite"]}
		],
		"policy": {"id": "p", "on": true, "resource": "api"}
	}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.View(func(s *State) {
		policy := NewPolicy("p", "MFA for EditProfileService", true)
		policy.APIs = []string{"api"}
		want := []Policy{policy}
		if s.Version != Version || s.MidTier != "api" || !reflect.DeepEqual(s.Policies, want) {
			t.Errorf("version %d, mid-tier %q, policies %+v", s.Version, s.MidTier, s.Policies)
		}
		if s.Apps[0].TokenVersion != 0 || s.Apps[1].TokenVersion != 2 {
			t.Errorf("token versions %d and %d, want 0 and 2", s.Apps[0].TokenVersion, s.Apps[1].TokenVersion)
		}
		if len(s.PoliciesFor("API", "user")) != 1 {
			t.Error("no policy for the API")
		}
	})
}

func TestOpenRejectsUnknownVersions(t *testing.T) {
	if _, err := Open(saved(`{"version": 5}`), nil); err == nil {
		t.Error("version 5 was accepted")
	}
}
