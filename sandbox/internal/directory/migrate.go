package directory

import (
	"encoding/json"
	"fmt"
	"slices"
)

// policyName is the name of the policy in Microsoft's how-to. Version 1 did not
// store it.
const policyName = "MFA for EditProfileService"

// decode returns the state of a saved document. Documents of earlier versions are
// converted, so that a tenant survives an upgrade of the program.
func decode(raw []byte) (State, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return State{}, err
	}
	switch head.Version {
	case Version:
		var s State
		return s, json.Unmarshal(raw, &s)
	case 3:
		var s State
		err := json.Unmarshal(raw, &s)
		s.upgradeToVersion4()
		return s, err
	case 1, 2:
		s, err := fromOlder(raw)
		s.upgradeToVersion4()
		return s, err
	}
	return State{}, fmt.Errorf("unsupported format version %d, want %d", head.Version, Version)
}

// upgradeToVersion4 lets the mid-tier change the user's password, as that of a new tenant may,
// unless it may not even change the profile.
func (s *State) upgradeToVersion4() {
	s.Version = Version
	if midTier, ok := s.AppByID(s.MidTier); ok && midTier.HasConsent(GraphID, "User.ReadWrite") {
		s.AddConsent(s.MidTier, GraphID, "", PasswordScope)
	}
}

// older is a document of version 1 or 2, as far as it differs from the current one.
type older struct {
	State
	Version  int           `json:"version"`
	Apps     []olderApp    `json:"apps"`
	Policies []olderPolicy `json:"policies"`
	// Policy is the only policy of version 1.
	Policy struct {
		ID       string `json:"id"`
		On       bool   `json:"on"`
		Resource string `json:"resource"`
	} `json:"policy"`
}

// olderApp is an app registration of version 1 or 2. Objects had no ids but the client
// id, and all apps were usable in the tenant.
type olderApp struct {
	ID              string              `json:"id"`
	Name            string              `json:"name"`
	Public          bool                `json:"public"`
	RedirectURIs    []string            `json:"redirectUris"`
	SPARedirectURIs []string            `json:"spaRedirectUris"`
	LogoutURL       string              `json:"logoutUrl"`
	Secret          string              `json:"secret"`
	AppIDURI        string              `json:"appIdUri"`
	Scopes          []string            `json:"scopes"`
	TokenVersion    int                 `json:"tokenVersion"`
	Consents        map[string][]string `json:"consents"`
	Certificates    map[string]string   `json:"certificates"`
	Workloads       []Workload          `json:"workloads"`
	OptionalClaims  []string            `json:"optionalClaims"`
	IDTokenClaims   []string            `json:"idTokenClaims"`
}

type olderPolicy struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	On       bool     `json:"on"`
	APIs     []string `json:"apis"`
	Contexts []string `json:"contexts"`
}

// fromOlder converts a document of version 1 or 2. Their tenants had no user flows:
// customers could sign up with every app, so all apps are in one flow now.
func fromOlder(raw []byte) (State, error) {
	var old older
	if err := json.Unmarshal(raw, &old); err != nil {
		return State{}, err
	}
	if old.Version == 1 {
		old.upgradeToVersion2()
	}
	s := old.State
	s.Version, s.Apps, s.Policies = Version, nil, nil
	for _, a := range old.Apps {
		s.Apps = append(s.Apps, a.convert())
	}
	for _, p := range old.Policies {
		s.Policies = append(s.Policies, p.convert())
	}
	s.Flows = []UserFlow{DefaultFlow(s.Apps)}
	s.Microsoft = NewFirstParty()
	return s, nil
}

// upgradeToVersion2 converts the one policy, for one API. All APIs of version 1 had v2.0
// tokens.
func (old *older) upgradeToVersion2() {
	old.MidTier = old.Policy.Resource
	old.Policies = []olderPolicy{{
		ID:   old.Policy.ID,
		Name: policyName,
		On:   old.Policy.On,
		APIs: []string{old.Policy.Resource},
	}}
	for i := range old.Apps {
		if len(old.Apps[i].Scopes) > 0 {
			old.Apps[i].TokenVersion = 2
		}
	}
}

func (old olderApp) convert() App {
	a := App{
		ID:              old.ID,
		Name:            old.Name,
		SPARedirectURIs: old.SPARedirectURIs,
		LogoutURL:       old.LogoutURL,
		TokenVersion:    old.TokenVersion,
		OptionalClaims:  old.OptionalClaims,
		IDTokenClaims:   old.IDTokenClaims,
	}
	a.SetRedirectURIs(old.Public, old.RedirectURIs)
	a.SetScopes(old.Scopes)
	if old.AppIDURI != "" {
		a.IdentifierURIs = []string{old.AppIDURI}
	}
	if old.Secret != "" {
		a.Secrets = []Secret{{ID: NewID(), Value: old.Secret}}
	}
	for _, thumbprint := range sortedKeys(old.Certificates) {
		a.Certificates = append(a.Certificates, Certificate{ID: NewID(), PEM: old.Certificates[thumbprint]})
	}
	for _, w := range old.Workloads {
		w.Complete()
		a.Workloads = append(a.Workloads, w)
	}
	a.Complete()
	a.SetConsents(old.Consents)
	return a
}

func (old olderPolicy) convert() Policy {
	p := NewPolicy(old.ID, old.Name, old.On)
	p.APIs, p.Contexts = slices.Clone(old.APIs), slices.Clone(old.Contexts)
	return p
}
