package directory

import (
	"encoding/json"
	"fmt"
)

// policyName is the name of the policy in Microsoft's how-to. Version 1 did not
// store it.
const policyName = "MFA for EditProfileService"

// decode returns the state of a saved document. Documents of earlier versions are
// converted, so that a tenant survives an upgrade of the program.
func decode(raw []byte) (State, error) {
	var s State
	if err := json.Unmarshal(raw, &s); err != nil {
		return State{}, err
	}
	switch s.Version {
	case Version:
		return s, nil
	case 1:
		return fromVersion1(s, raw)
	}
	return State{}, fmt.Errorf("unsupported format version %d, want %d", s.Version, Version)
}

// fromVersion1 converts a document with one policy, for one API. All APIs of
// version 1 had v2.0 tokens.
func fromVersion1(s State, raw []byte) (State, error) {
	var old struct {
		Policy struct {
			ID       string `json:"id"`
			On       bool   `json:"on"`
			Resource string `json:"resource"`
		} `json:"policy"`
	}
	if err := json.Unmarshal(raw, &old); err != nil {
		return State{}, err
	}
	s.Version = Version
	s.MidTier = old.Policy.Resource
	s.Policies = []Policy{{
		ID:   old.Policy.ID,
		Name: policyName,
		On:   old.Policy.On,
		APIs: []string{old.Policy.Resource},
	}}
	for i := range s.Apps {
		if len(s.Apps[i].Scopes) > 0 {
			s.Apps[i].TokenVersion = 2
		}
	}
	return s, nil
}
