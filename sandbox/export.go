package sandbox

import (
	"maps"
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/tenantfile"
)

const exportHeader = "# A tenant of the profilectl sandbox. It contains password hashes and client secrets.\n"

// Export returns the whole tenant as a YAML file for Import and Config.Seed: ids,
// users with their profiles and password hashes, apps with their secrets, and
// policies. With keys, it also returns what the tenant signs and seals with, so that
// tokens and refresh tokens stay valid.
func (t *Tenant) Export(keys bool) ([]byte, error) {
	var f *tenantfile.File
	var err error
	t.directory.View(func(d *directory.State) {
		f = exportFile(d, keys)
		objects := d.Objects()
		f.Objects, err = objects.Encode()
	})
	if err != nil {
		return nil, err
	}
	raw, err := tenantfile.Encode(f)
	return append([]byte(exportHeader), raw...), err
}

func exportFile(d *directory.State, keys bool) *tenantfile.File {
	f := &tenantfile.File{Tenant: &tenantfile.Tenant{
		ID:        d.TenantID,
		Subdomain: d.Subdomain,
		MidTier:   d.MidTier,
	}}
	for _, u := range d.Users {
		profile := map[string]*string{}
		maps.Copy(profile, u.Profile)
		f.Users = append(f.Users, tenantfile.User{
			ID:              u.ID,
			Email:           u.Email,
			PasswordHash:    u.Password,
			MFA:             u.MFA,
			Work:            u.Work,
			Roles:           roleNames(u.Roles),
			Created:         u.Created,
			SignedOutBefore: u.NotBefore,
			PasswordChanged: u.PasswordChanged,
			Profile:         profile,
		})
	}
	for _, a := range d.Apps {
		f.Apps = append(f.Apps, exportApp(d, a))
	}
	for _, p := range d.Policies {
		f.Policies = append(f.Policies, tenantfile.Policy{
			ID:       p.ID,
			Name:     p.Name,
			On:       new(p.On()),
			APIs:     p.APIs,
			Contexts: p.Contexts,
		})
	}
	if keys {
		f.Keys = exportKeys(d)
	}
	return f
}

// roleNames returns the names of directory roles.
func roleNames(ids []string) (names []string) {
	for _, id := range ids {
		if role, ok := directory.FindDirectoryRole(id); ok {
			names = append(names, role.Name)
		}
	}
	return names
}

func exportApp(d *directory.State, a directory.App) tenantfile.App {
	exported := tenantfile.App{
		ID:              a.ID,
		Name:            a.Name,
		Public:          a.Public(),
		Secret:          a.Secret(),
		RedirectURIs:    a.AllRedirectURIs(),
		SPARedirectURIs: a.SPARedirectURIs,
		LogoutURL:       a.LogoutURL,
		AppIDURI:        a.AppIDURI(),
		Scopes:          a.ScopeNames(),
		TokenVersion:    a.TokenVersion,
		Permissions:     permissions(d, a),
		AppRoles:        a.RoleNames(directory.GraphID),
		OptionalClaims:  a.OptionalClaims,
		IDTokenClaims:   a.IDTokenClaims,
	}
	for _, c := range a.Certificates {
		exported.Certificates = append(exported.Certificates, c.PEM)
	}
	for _, w := range a.Workloads {
		exported.Workloads = append(exported.Workloads, tenantfile.Workload{
			Issuer:  w.Issuer,
			Subject: w.Subject,
			Key:     w.Key,
		})
	}
	return exported
}

func exportKeys(d *directory.State) *tenantfile.Keys {
	keys := &tenantfile.Keys{Seal: d.SealKey, Mailbox: d.MailKey}
	for _, k := range d.Keys {
		keys.Signing = append(keys.Signing, tenantfile.SigningKey{ID: k.ID, Key: k.PEM})
	}
	for _, id := range slices.Sorted(maps.Keys(d.Families)) {
		family := d.Families[id]
		keys.SignIns = append(keys.SignIns, tenantfile.SignIn{
			ID:         id,
			User:       family.User,
			Generation: family.Generation,
			Revoked:    family.Revoked,
			Expires:    family.Expires,
		})
	}
	return keys
}
