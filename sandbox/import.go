package sandbox

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/tenantfile"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Seed adds the users, apps and policies of a YAML file that the tenant does not
// have, and switches the seeded policy if the file says so. It adds all of them or,
// after an error, none. docs/reference/sandbox.md describes the file. A mistake in it is a
// *control.FileError.
func (t *Tenant) Seed(raw []byte) error {
	p, err := t.planNow(raw)
	if err != nil {
		return err
	}
	return t.directory.Update(p.addTo)
}

// Import replaces the tenant with the one that Export wrote. Sessions, codes and
// emails are gone afterwards. Without keys in the file, the tenant keeps its keys and
// sign-ins if it has the same id, and gets new ones otherwise. After an error, the
// tenant is as before. A mistake in the file is a *control.FileError.
func (t *Tenant) Import(raw []byte) error {
	p, err := t.planNow(raw)
	if err != nil {
		return err
	}
	var before, after directory.State
	err = t.directory.Update(func(d *directory.State) error {
		before = *d
		err := p.replace(d)
		after = *d
		return err
	})
	if err != nil {
		return err
	}
	t.sts.Forget()
	t.mu.Lock()
	defer t.mu.Unlock()
	facts := newFacts(&after, t.config.origins(after.TenantID))
	old, known := before.UserByEmail(seededAccount(t.facts))
	if user, ok := after.UserByEmail(seededAccount(facts)); ok && known && old.Password == user.Password {
		facts = withPassword(facts, cmp.Or(t.facts.Password, t.facts.AdminPassword))
	}
	t.facts = facts
	return nil
}

// planNow reads a file and checks it against the tenant.
func (t *Tenant) planNow(raw []byte) (*plan, error) {
	var known directory.State // a copy, because planning takes long
	t.directory.View(func(d *directory.State) {
		known.Users, known.Attributes = slices.Clone(d.Users), slices.Clone(d.Attributes)
	})
	return t.plan(raw, &known)
}

// plan reads a file and checks it against d.
func (t *Tenant) plan(raw []byte, d *directory.State) (*plan, error) {
	f, err := tenantfile.Parse(raw)
	if err != nil {
		return nil, err
	}
	p := &plan{file: f, now: t.now, iterations: t.config.iterations()}
	if p.objects, err = directory.ParseObjects(f.Objects); err != nil {
		return nil, f.Invalid(err.Error(), "objects")
	}
	if f.Objects != "" && f.Tenant == nil {
		return nil, f.Invalid("belongs to a file of a whole tenant", "objects")
	}
	if err := p.checkDuplicates(); err != nil {
		return nil, err
	}
	return p, p.prepare(d)
}

// replace makes d the tenant of the file.
func (p *plan) replace(d *directory.State) error {
	f := p.file
	if f.Tenant == nil {
		return f.Invalid("the file does not describe a whole tenant", "tenant")
	}
	if err := p.checkTenant(); err != nil {
		return err
	}
	next := directory.State{
		Version:   directory.Version,
		TenantID:  f.Tenant.ID,
		Subdomain: f.Tenant.Subdomain,
		MidTier:   f.Tenant.MidTier,
		Microsoft: directory.NewFirstParty(),
		Flows:     []directory.UserFlow{directory.DefaultFlow(nil)},
		Families:  map[string]directory.Family{},
	}
	if f.Objects != "" {
		next.Contexts, next.Flows, next.Microsoft = p.objects.Contexts, p.objects.Flows, p.objects.Microsoft
		next.Deleted, next.NoEmailOTP = p.objects.Deleted, p.objects.NoEmailOTP
		next.Attributes = p.objects.Attributes
	}
	if err := p.add(&next); err != nil {
		return err
	}
	empty := next.MidTier == "" && f.Objects != ""
	midTier, ok := next.AppByID(next.MidTier)
	if !empty && !ok || ok && !slices.Contains(midTier.ScopeNames(), editScope) {
		return f.Invalid("no app of the file has this id and the scope "+editScope, "tenant", "midTier")
	}
	if err := p.addKeys(&next, d); err != nil {
		return err
	}
	*d = next
	return nil
}

func (p *plan) checkTenant() error {
	t := p.file.Tenant
	letters := func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	switch {
	case !sts.IsGUID(t.ID):
		return p.file.Invalid("must be a GUID", "tenant", "id")
	case t.Subdomain == "" || strings.ContainsFunc(t.Subdomain, letters):
		return p.file.Invalid("must consist of lower-case letters, digits and hyphens", "tenant", "subdomain")
	}
	return nil
}

// addKeys gives the tenant the keys of the file, those of the old tenant with the
// same id, or new ones.
func (p *plan) addKeys(next, old *directory.State) error {
	switch {
	case p.file.Keys != nil:
		return p.fileKeys(next)
	case next.TenantID != old.TenantID:
		return newKeys(next)
	}
	next.Keys, next.SealKey, next.MailKey = old.Keys, old.SealKey, old.MailKey
	for id, family := range old.Families {
		if _, ok := next.UserByID(family.User); ok {
			next.Families[id] = family
		}
	}
	return nil
}

func (p *plan) fileKeys(next *directory.State) error {
	keys := p.file.Keys
	for i, k := range keys.Signing {
		key := directory.Key{ID: k.ID, PEM: k.Key}
		if err := token.CheckKey(key); err != nil {
			return p.file.Invalid(err.Error(), "keys", "signing", i, "key")
		}
		next.Keys = append(next.Keys, key)
	}
	switch {
	case len(keys.Signing) < 2:
		return p.file.Invalid("a tenant has at least two signing keys", "keys", "signing")
	case len(keys.Seal) != sealKeyBytes:
		return p.file.Invalid(fmt.Sprintf("must be %d bytes", sealKeyBytes), "keys", "seal")
	case keys.Mailbox == "":
		return p.file.Invalid("must not be empty", "keys", "mailbox")
	}
	next.SealKey, next.MailKey = keys.Seal, keys.Mailbox
	for i, s := range keys.SignIns {
		if _, twice := next.Families[s.ID]; twice || s.ID == "" {
			return p.file.Invalid("must be there and differ from those of other sign-ins", "keys", "signIns", i, "id")
		}
		next.Families[s.ID] = directory.Family{
			User:       s.User,
			Generation: s.Generation,
			Revoked:    s.Revoked,
			Expires:    s.Expires,
		}
	}
	return nil
}

// newKeys gives a tenant new keys.
func newKeys(d *directory.State) error {
	keys, err := token.NewKeys(2)
	if err != nil {
		return err
	}
	d.Keys, d.SealKey, d.MailKey = keys, make([]byte, sealKeyBytes), rand.Text()
	_, _ = rand.Read(d.SealKey) // never fails (crypto/rand)
	return nil
}

// at returns an error about an entry of the file as the *control.FileError of its place.
func (p *plan) at(err error, steps ...any) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*invalidError](err); ok {
		steps = append(steps, e.path...)
	}
	return p.file.Invalid(err.Error(), steps...)
}
