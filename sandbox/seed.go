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
	if c.Empty {
		if err := makeEmpty(&state, c.AdminRoles); err != nil {
			return directory.State{}, "", err
		}
	}
	state.Keys, state.SealKey, state.MailKey = keyed.Keys, keyed.SealKey, keyed.MailKey
	return state, password, nil
}

// KnownAdminRoles returns the names of the directory roles that AdminRoles can have.
func (Config) KnownAdminRoles() (names []string) {
	for _, r := range directory.DirectoryRoles() {
		names = append(names, r.Name)
	}
	return names
}

// KnownOptionalClaims returns the names of the optional claims that apps can have.
func (Config) KnownOptionalClaims() []string { return sts.OptionalClaims() }

// CheckAdminRoles returns an error if AdminRoles names a directory role that the tenant does
// not have.
func (c Config) CheckAdminRoles() error {
	_, err := roleIDs(c.AdminRoles)
	return err
}

// makeEmpty leaves only an administrator in a new tenant. One-time codes by email are off, as
// in a tenant of Entra whose administrator has not enabled them as a second factor.
func makeEmpty(d *directory.State, roles []string) error {
	if roles == nil {
		roles = []string{"Global Administrator"}
	}
	ids, err := roleIDs(roles)
	if err != nil {
		return err
	}
	name := "Administrator"
	admin := d.Users[0]
	admin.Email, admin.Work, admin.Roles = "admin@"+d.Domain(), true, ids
	admin.Profile = map[string]*string{"displayName": &name}
	d.Users = []directory.User{admin}
	d.Apps, d.MidTier, d.Policies, d.Flows = nil, "", nil, nil
	d.NoEmailOTP = true
	return nil
}

func seedWithoutKeys(c Config) (directory.State, string, error) {
	password := newPassword()
	hash, err := directory.Hash(password, c.iterations())
	if err != nil {
		return directory.State{}, "", err
	}
	midTier := directory.NewID()
	state := directory.State{
		Version:   directory.Version,
		TenantID:  directory.NewID(),
		Subdomain: c.Subdomain,
		Users:     []directory.User{seededUser(hash, c.Clock())},
		MidTier:   midTier,
		Microsoft: directory.NewFirstParty(),
		Families:  map[string]directory.Family{},
	}
	policy := directory.NewPolicy(directory.NewID(), "MFA for EditProfileService", true)
	policy.APIs = []string{midTier}
	state.Policies = []directory.Policy{policy}
	state.Apps = seededApps(&state)
	state.Flows = []directory.UserFlow{directory.DefaultFlow(state.Apps)}
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
		ID:       directory.NewID(),
		Email:    seedUser,
		Password: passwordHash,
		Created:  created,
		Profile:  profile,
	}
}

func seededApps(d *directory.State) []directory.App {
	cli := directory.App{ID: directory.NewID(), Name: "edit-profile-cli"}
	cli.SetRedirectURIs(true, []string{"http://localhost"})
	web := directory.App{
		ID:           directory.NewID(),
		Name:         "ciam-client-app",
		Secrets:      []directory.Secret{{ID: directory.NewID(), Value: rand.Text()}},
		RedirectURIs: []string{"http://localhost:3000/auth/redirect", "http://localhost:3000"},
	}
	midTier := directory.App{
		ID:             d.MidTier,
		Name:           "edit-profile-service",
		Secrets:        []directory.Secret{{ID: directory.NewID(), Value: rand.Text()}},
		IdentifierURIs: []string{"api://" + d.MidTier},
		TokenVersion:   2,
	}
	midTier.SetScopes([]string{editScope})
	cli.SetConsents(clientConsents(d))
	web.SetConsents(clientConsents(d))
	midTier.SetConsents(midTierConsents())
	apps := []directory.App{cli, web, midTier}
	for i := range apps {
		apps[i].Complete()
	}
	return apps
}

// clientConsents returns what a client may ask for: to read the user's profile
// at Graph, and to edit it through the mid-tier if the tenant has one.
func clientConsents(d *directory.State) map[string][]string {
	consents := map[string][]string{sts.GraphID: {"User.Read"}}
	if d.MidTier != "" {
		consents[d.MidTier] = []string{editScope}
	}
	return consents
}

// midTierConsents returns what the mid-tier may ask for: to edit profiles and to change
// passwords at Graph.
func midTierConsents() map[string][]string {
	return map[string][]string{sts.GraphID: {"User.ReadWrite", directory.PasswordScope}}
}
