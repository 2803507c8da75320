package sandbox

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/tenantfile"
)

// plan adds the content of a file to a tenant.
type plan struct {
	file       *tenantfile.File
	objects    directory.Objects // of the file
	now        func() time.Time
	iterations int
	users      []directory.User      // those of the file, in the same order
	attributes []directory.Attribute // those that the tenant and the file have
}

// whole reports whether the file describes a whole tenant, which has no defaults.
func (p *plan) whole() bool { return p.file.Tenant != nil }

// prepare checks the users of the file. It hashes the passwords of those that d does
// not have, which takes long, before the tenant is changed.
func (p *plan) prepare(d *directory.State) error {
	p.attributes = slices.Concat(d.Attributes, p.objects.Attributes, p.named())
	for i, u := range p.file.Users {
		user, err := p.user(u)
		if err != nil {
			return p.at(err, "users", i)
		}
		if _, known := d.UserByEmail(u.Email); user.Password == "" && (!known || p.whole()) {
			password := cmp.Or(u.Password, newPassword())
			if user.Password, err = directory.Hash(password, p.iterations); err != nil {
				return err
			}
		}
		p.users = append(p.users, user)
	}
	return nil
}

// checkDuplicates returns an error if two entries of the file have the same id or
// email address.
func (p *plan) checkDuplicates() error {
	seen := map[string]bool{}
	check := func(list string, i int, field, value string) error {
		key := list + field + strings.ToLower(value)
		if value != "" && seen[key] {
			return p.file.Invalid(value+" appears twice", list, i, field)
		}
		seen[key] = true
		return nil
	}
	for i, u := range p.file.Users {
		if err := check("users", i, "email", u.Email); err != nil {
			return err
		}
		if err := check("users", i, "id", u.ID); err != nil {
			return err
		}
	}
	for i, a := range p.file.Apps {
		if err := check("apps", i, "id", a.ID); err != nil {
			return err
		}
	}
	for i, a := range p.file.Attributes {
		if err := check("attributes", i, "name", a.Name); err != nil {
			return err
		}
	}
	for i, policy := range p.file.Policies {
		if err := check("policies", i, "id", policy.ID); err != nil {
			return err
		}
	}
	return nil
}

// user returns a user of the file, without a hash if the file has none.
func (p *plan) user(u tenantfile.User) (directory.User, error) {
	if err := checkEmail(u.Email); err != nil {
		return directory.User{}, err
	}
	profile := maps.Clone(u.Profile)
	if profile == nil {
		profile = map[string]*string{}
	}
	_, named := profile["displayName"]
	local, _, _ := strings.Cut(u.Email, "@")
	switch {
	case u.Name != "" && named:
		return directory.User{}, invalid("name", "the profile already has a displayName")
	case !named && (u.Name != "" || u.PasswordHash == ""):
		name := cmp.Or(u.Name, local)
		profile["displayName"] = &name
	}
	switch {
	case u.ID != "" && !sts.IsGUID(u.ID):
		return directory.User{}, invalid("id", "must be a GUID")
	case u.Password != "" && u.PasswordHash != "":
		return directory.User{}, invalid("password", "an account has a password or a passwordHash, not both")
	case u.Password != "" && directory.CheckPassword(u.Password) != nil:
		return directory.User{}, invalid("password", "%v", directory.ErrPassword)
	case u.PasswordHash != "" && !directory.IsHash(u.PasswordHash):
		return directory.User{}, invalid("passwordHash", "must be pbkdf2-sha256$iterations$salt$hash")
	}
	roles, err := roleIDs(u.Roles)
	if err != nil {
		return directory.User{}, err
	}
	created := u.Created
	if created.IsZero() {
		created = p.now()
	}
	return directory.User{
		ID:              cmp.Or(u.ID, directory.NewID()),
		Email:           u.Email,
		Password:        u.PasswordHash,
		Profile:         profile,
		Created:         created,
		MFA:             u.MFA,
		Work:            u.Work,
		Roles:           roles,
		NotBefore:       u.SignedOutBefore,
		PasswordChanged: u.PasswordChanged,
	}, checkProfile(p.attributes, profile)
}

// roleIDs returns the template ids of directory roles.
func roleIDs(names []string) (ids []string, err error) {
	for i, name := range names {
		role, ok := directory.FindDirectoryRole(name)
		if !ok {
			return nil, invalidItem("roles", i, "the sandbox has no directory role %s", name)
		}
		ids = append(ids, role.ID)
	}
	return ids, nil
}

// addTo adds what d does not have. A file of a whole tenant must be that of d.
func (p *plan) addTo(d *directory.State) error {
	if p.whole() && !strings.EqualFold(p.file.Tenant.ID, d.TenantID) {
		return p.file.Invalid("the sandbox keeps another tenant, "+d.TenantID, "tenant", "id")
	}
	return p.add(d)
}

// add adds what d does not have.
func (p *plan) add(d *directory.State) error {
	before := *d // its lists do not grow
	if err := p.addAttributes(d); err != nil {
		return err
	}
	for i, u := range p.users {
		if _, known := before.UserByEmail(u.Email); known {
			continue
		}
		if err := insertUser(d, u); err != nil {
			return p.at(err, "users", i)
		}
	}
	if err := p.addApps(d, before); err != nil {
		return err
	}
	if err := p.addPolicies(d, before); err != nil {
		return err
	}
	if p.file.Policy == nil {
		return nil
	}
	if len(d.Policies) == 0 {
		return p.file.Invalid("the tenant has no policy", "policy")
	}
	d.Policies[0].Switch(*p.file.Policy)
	return nil
}

// addApps adds the apps, and then their permissions, which may be scopes of apps
// that come later in the file.
func (p *plan) addApps(d *directory.State, before directory.State) error {
	added := map[int]string{} // ids, by index in the file
	for i, a := range p.file.Apps {
		app := p.app(a)
		if knowsApp(before, a) {
			if err := checkApp(app); err != nil {
				return p.at(err, "apps", i)
			}
			continue
		}
		base := p.objects.App(app.ID)
		err := insertApp(d, app, base)
		if err == nil && base.ObjectID == "" {
			err = checkUsable(app)
		}
		if err != nil {
			return p.at(err, "apps", i)
		}
		if err := addCredentials(&d.Apps[len(d.Apps)-1], a); err != nil {
			return p.at(err, "apps", i)
		}
		added[i] = app.ID
	}
	for i, a := range p.file.Apps {
		if id, ok := added[i]; ok {
			err := grant(d, id, a.Permissions)
			if err == nil {
				err = grantRoles(d, id, a.AppRoles, p.now())
			}
			if err != nil {
				return p.at(err, "apps", i)
			}
		}
	}
	return nil
}

// app returns an app of the file.
func (p *plan) app(a tenantfile.App) control.App {
	app := control.App{
		ID:              a.ID,
		Name:            a.Name,
		Public:          a.Public,
		RedirectURIs:    a.RedirectURIs,
		SPARedirectURIs: a.SPARedirectURIs,
		LogoutURL:       a.LogoutURL,
		AppIDURI:        a.AppIDURI,
		Scopes:          a.Scopes,
		TokenVersion:    a.TokenVersion,
		Secret:          a.Secret,
		AppRoles:        a.AppRoles,
	}
	if p.whole() {
		return app
	}
	return withDefaults(app)
}

// knowsApp reports whether a tenant has the app with the id of a, or with its name if
// a has no id.
func knowsApp(d directory.State, a tenantfile.App) bool {
	return slices.ContainsFunc(d.Apps, func(known directory.App) bool {
		return a.ID != "" && strings.EqualFold(known.ID, a.ID) || a.ID == "" && known.Name == a.Name
	})
}

// addCredentials adds what authenticates an app in addition to its secret, and its
// optional claims.
func addCredentials(app *directory.App, a tenantfile.App) error {
	for i, text := range a.Certificates {
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
			return invalidItem("certificates", i, "must be one certificate in PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return invalidItem("certificates", i, "must be one certificate in PEM")
		}
		sts.Register(app, certificate)
	}
	for i, w := range a.Workloads {
		if block, _ := pem.Decode([]byte(w.Key)); w.Issuer == "" || w.Subject == "" || block == nil && w.Key != "" {
			return invalidItem("workloads", i, "needs an issuer, a subject and the issuer's public key in PEM")
		}
		if slices.ContainsFunc(app.Workloads, func(known directory.Workload) bool {
			return known.Issuer == w.Issuer && known.Subject == w.Subject
		}) {
			continue // with further properties
		}
		workload := directory.Workload{Issuer: w.Issuer, Subject: w.Subject, Key: w.Key}
		workload.Complete()
		app.Workloads = append(app.Workloads, workload)
	}
	for field, names := range map[string][]string{
		"optionalClaims": a.OptionalClaims,
		"idTokenClaims":  a.IDTokenClaims,
	} {
		for i, name := range names {
			if !slices.Contains(sts.OptionalClaims(), name) {
				return invalidItem(field, i, "the sandbox has no optional claim %s", name)
			}
		}
	}
	app.OptionalClaims, app.IDTokenClaims = a.OptionalClaims, a.IDTokenClaims
	if app.Public() && len(a.Certificates)+len(a.Workloads)+len(a.OptionalClaims) > 0 {
		return errors.New("a public client has no credentials and no optional claims")
	}
	return nil
}

func (p *plan) addPolicies(d *directory.State, before directory.State) error {
	for i, file := range p.file.Policies {
		on := file.On == nil || *file.On
		policy := directory.NewPolicy(cmp.Or(file.ID, directory.NewID()), file.Name, on)
		if base := p.objects.Policy(file.ID); base.ID != "" {
			policy = base
			policy.Name = file.Name
		}
		if policy.On() != on {
			policy.Switch(on)
		}
		policy.Contexts = file.Contexts
		known := slices.ContainsFunc(before.Policies, func(k directory.Policy) bool {
			return strings.EqualFold(k.ID, file.ID) || file.ID == "" && k.Name == file.Name
		})
		if known {
			continue
		}
		var err error
		if policy.APIs, err = findAPIs(d, file.APIs); err == nil {
			err = checkPolicy(d, policy)
		}
		if err != nil {
			return p.at(err, "policies", i)
		}
		d.Policies = append(d.Policies, policy)
	}
	return nil
}
