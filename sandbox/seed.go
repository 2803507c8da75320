package sandbox

import (
	"crypto/rand"
	"errors"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

const (
	editScope = "EditProfileService.ReadWrite"
	seedUser  = "casey@contoso.example"

	sealKeyBytes = 32 // AES-256
)

// seed returns a new tenant as Microsoft's how-to "Edit profile in a Node.js web
// app" sets one up, with the password of its user. It has one customer, a public
// client, the web app, the mid-tier with its scope and its consent for Graph,
// and the policy that protects the mid-tier.
func seed(c Config) (directory.State, string, error) {
	var keyed directory.State
	done := make(chan error, 1)
	go func() { done <- newKeys(&keyed) }() // while the password is hashed
	state, password, err := seedWithoutKeys(c)
	if err := errors.Join(err, <-done); err != nil {
		return directory.State{}, "", err
	}
	state.Keys, state.SealKey, state.MailKey = keyed.Keys, keyed.SealKey, keyed.MailKey
	return state, password, nil
}

func seedWithoutKeys(c Config) (directory.State, string, error) {
	password := newPassword()
	hash, err := directory.Hash(password, c.iterations())
	if err != nil {
		return directory.State{}, "", err
	}
	midTier := sts.NewID()
	state := directory.State{
		Version:   directory.Version,
		TenantID:  sts.NewID(),
		Subdomain: c.Subdomain,
		Users:     []directory.User{seededUser(hash, c.Clock())},
		Apps:      seededApps(midTier),
		MidTier:   midTier,
		Policies: []directory.Policy{{
			ID:   sts.NewID(),
			Name: "MFA for EditProfileService",
			On:   true,
			APIs: []string{midTier},
		}},
		Families: map[string]directory.Family{},
	}
	return state, password, nil
}

// newPassword returns a random password of 80 bits that follows the rule of
// directory.CheckPassword.
func newPassword() string { return "Sbx-" + rand.Text()[:16] }

func seededUser(passwordHash string, created time.Time) directory.User {
	profile := map[string]*string{}
	for property, value := range map[string]string{
		"displayName":       "Casey Jensen",
		"givenName":         "Casey",
		"surname":           "Jensen",
		"city":              "Copenhagen",
		"country":           "Denmark",
		"preferredLanguage": "en-US",
	} {
		profile[property] = &value
	}
	return directory.User{
		ID:       sts.NewID(),
		Email:    seedUser,
		Password: passwordHash,
		Created:  created,
		Profile:  profile,
	}
}

func seededApps(midTier string) []directory.App {
	return []directory.App{
		{
			ID:           sts.NewID(),
			Name:         "edit-profile-cli",
			Public:       true,
			RedirectURIs: []string{"http://localhost"},
			Consents:     clientConsents(midTier),
		},
		{
			ID:           sts.NewID(),
			Name:         "ciam-client-app",
			Secret:       rand.Text(),
			RedirectURIs: []string{"http://localhost:3000/auth/redirect", "http://localhost:3000"},
			Consents:     clientConsents(midTier),
		},
		{
			ID:           midTier,
			Name:         "edit-profile-service",
			Secret:       rand.Text(),
			AppIDURI:     "api://" + midTier,
			Scopes:       []string{editScope},
			TokenVersion: 2,
			Consents:     midTierConsents(),
		},
	}
}

// clientConsents returns what a client may ask for: to read the user's profile
// at Graph, and to edit it through the mid-tier.
func clientConsents(midTier string) map[string][]string {
	return map[string][]string{sts.GraphID: {"User.Read"}, midTier: {editScope}}
}

// midTierConsents returns what the mid-tier may ask for: to edit profiles at
// Graph.
func midTierConsents() map[string][]string {
	return map[string][]string{sts.GraphID: {"User.ReadWrite"}}
}
