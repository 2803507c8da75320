package sandbox

import (
	"crypto/rand"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const (
	editScope = "EditProfileService.ReadWrite"
	seedUser  = "casey@contoso.example"
)

// seed makes the tenant of the how-to: a customer, a public client, a web app,
// the mid-tier with its scope and its consent for Graph, and the policy that
// guards it.
func seed(c Config) (directory.State, string, error) {
	password := rand.Text()[:16]
	hash, err := directory.Hash(password, c.rounds())
	if err != nil {
		return directory.State{}, "", err
	}
	keys, err := token.NewKeys(2)
	if err != nil {
		return directory.State{}, "", err
	}
	sealKey := make([]byte, 32)
	_, _ = rand.Read(sealKey) // never fails (crypto/rand)
	text := func(s string) *string { return &s }
	midTier := sts.NewID()
	clientConsents := map[string][]string{sts.GraphID: {"User.Read"}, midTier: {editScope}}
	return directory.State{
		Version: directory.Version, TenantID: sts.NewID(), Subdomain: c.Subdomain,
		Keys: keys, SealKey: sealKey, Families: map[string]directory.Family{}, MailKey: rand.Text(),
		Policy: directory.Policy{ID: sts.NewID(), On: true, Resource: midTier},
		Users: []directory.User{{
			ID: sts.NewID(), Email: seedUser, Password: hash, Created: c.Clock(),
			Profile: map[string]*string{
				"displayName": text("Casey Jensen"), "givenName": text("Casey"), "surname": text("Jensen"),
				"city": text("Copenhagen"), "country": text("Denmark"), "preferredLanguage": text("en-US"),
			},
		}},
		Apps: []directory.App{
			{ID: sts.NewID(), Name: "edit-profile-cli", Public: true, RedirectURIs: []string{"http://localhost"}, Consents: clientConsents},
			{ID: sts.NewID(), Name: "ciam-client-app", Secret: rand.Text(), RedirectURIs: []string{"http://localhost:3000/auth/redirect", "http://localhost:3000"}, Consents: clientConsents},
			{ID: midTier, Name: "edit-profile-service", Secret: rand.Text(), AppIDURI: "api://" + midTier, Scopes: []string{editScope},
				Consents: map[string][]string{sts.GraphID: {"User.ReadWrite"}}},
		},
	}, password, nil
}

// facts reads off what clients need.
func facts(d *directory.State, c Config, password string) Facts {
	f := Facts{TenantID: d.TenantID, Subdomain: d.Subdomain, PolicyID: d.Policy.ID, Password: password}
	api, pages, graph := c.APIAddress, c.PagesAddress, c.APIAddress
	if api == "" {
		api = "https://" + d.TenantID + ".ciamlogin.com"
		pages, graph = api, "https://graph.microsoft.com"
	}
	f.Authority, f.Graph, f.Pages = api+"/"+d.TenantID, graph, pages
	f.Mailbox = pages + "/mailbox?key=" + d.MailKey
	for _, a := range d.Apps {
		switch {
		case a.Public:
			f.ClientID = a.ID
		case len(a.Scopes) > 0:
			f.MidTierID, f.MidTierSecret, f.EditScope = a.ID, a.Secret, a.AppIDURI+"/"+a.Scopes[0]
		default:
			f.WebClientID, f.WebSecret = a.ID, a.Secret
		}
	}
	if len(d.Users) > 0 {
		f.User = d.Users[0].Email
	}
	return f
}
