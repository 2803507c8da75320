package directory

import (
	"slices"
	"testing"
)

func TestOpenConvertsVersion2(t *testing.T) {
	d, err := Open(saved(`{
		"version": 2, "tenantId": "t", "subdomain": "contoso", "midTier": "api", "mailKey": "m",
		"users": [{"id": "u", "email": "casey@contoso.example", "password": "hash"}],
		"apps": [
			{"id": "cli", "name": "cli", "public": true, "redirectUris": ["http://localhost"],
				"consents": {"00000003-0000-0000-c000-000000000000": ["User.Read"], "api": ["Edit"]}},
			{"id": "api", "name": "api", "secret": "s", "appIdUri": "api://api", "scopes": ["Edit"], "tokenVersion": 2,
				"redirectUris": ["https://web.example"], "certificates": {"thumbprint": "PEM"},
				"workloads": [{"issuer": "i", "subject": "s", "key": "k"}], "optionalClaims": ["acrs"]}
		],
		"policies": [{"id": "p", "name": "n", "on": false, "apis": ["api"], "contexts": ["c1"]}],
		"families": {"f": {"user": "u", "generation": 3}}
	}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.View(func(s *State) {
		cli, api := s.Apps[0], s.Apps[1]
		for name, ok := range map[string]bool{
			"version":        s.Version == Version && s.MidTier == "api" && s.MailKey == "m" && len(s.Users) == 1,
			"families":       s.Families["f"].Generation == 3,
			"public client":  cli.Public() && cli.FallbackPublic && slices.Equal(cli.AllRedirectURIs(), []string{"http://localhost"}),
			"consents":       cli.HasConsent(GraphID, "User.Read") && cli.HasConsent("api", "edit"),
			"object ids":     cli.ObjectID != "" && cli.Principal.ID != "" && cli.ObjectID != cli.Principal.ID,
			"web redirects":  !api.Public() && slices.Equal(api.RedirectURIs, []string{"https://web.example"}),
			"secret":         api.Secret() == "s" && api.Secrets[0].ID != "",
			"scope":          api.Scopes[0].Value == "Edit" && api.Scopes[0].ID != "" && api.AppIDURI() == "api://api",
			"certificate":    api.Certificates[0].PEM == "PEM",
			"workload":       api.Workloads[0].Key == "k" && api.Workloads[0].Audiences[0] == WorkloadAudience,
			"other settings": api.TokenVersion == 2 && slices.Equal(api.OptionalClaims, []string{"acrs"}),
			"policy":         s.Policies[0].State == PolicyDisabled && s.Policies[0].Guards("api"),
			"sign-up":        s.AllowsSignUp("cli") && s.AllowsSignUp("API"),
			"microsoft":      len(s.Principals()) == 4,
		} {
			if !ok {
				t.Errorf("%s was not converted", name)
			}
		}
	})
}
