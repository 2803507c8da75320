package sandbox

import (
	"context"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/graph"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// Message represents an email that the tenant would have sent.
type Message = control.Message

// Mail returns the emails to an address, the newest first, or all emails if to
// is empty.
func (t *Tenant) Mail(to string) []Message { return t.sts.Mail(to) }

// WaitForMail returns the emails to an address, or to any if to is empty, whose
// number is greater than after, the newest first. If there is none, it waits for
// one until ctx is done.
func (t *Tenant) WaitForMail(ctx context.Context, to string, after int64) []Message {
	return t.sts.WaitForMail(ctx, to, after)
}

// AddUser adds a customer account. It fails if the address, in any case, has an
// account already.
func (t *Tenant) AddUser(email, password, displayName string) error {
	return t.addUser(control.User{
		ID:       directory.NewID(),
		Email:    email,
		Password: password,
		Name:     displayName,
	})
}

// addUser adds an account with all its properties, or none of it.
func (t *Tenant) addUser(u control.User) error {
	if err := t.checkUser(u); err != nil {
		return err
	}
	hash, err := directory.Hash(u.Password, t.config.iterations())
	if err != nil {
		return err
	}
	return t.directory.Update(func(d *directory.State) error {
		return insertUser(d, directory.User{
			ID:       u.ID,
			Email:    u.Email,
			Password: hash,
			Profile:  profileOf(u),
			Created:  t.now(),
			MFA:      u.MFA,
		})
	})
}

// checkUser returns an error unless the account can be added.
func (t *Tenant) checkUser(u control.User) error {
	if !sts.IsGUID(u.ID) {
		return invalid("id", "the id of an account must be a GUID")
	}
	if err := checkEmail(u.Email); err != nil {
		return err
	}
	if err := directory.CheckPassword(u.Password); err != nil {
		return invalid("password", "%v", err)
	}
	return checkProfile(t.attributes(), profileOf(u))
}

func checkEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return invalid("email", "%q is not an email address", email)
	}
	return nil
}

func checkProfile(attributes []directory.Attribute, profile map[string]*string) error {
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		if err := graph.CheckProperty(attributes, name, profile[name]); err != nil {
			return &invalidError{path: []any{"profile", name}, problem: err.Error()}
		}
	}
	return nil
}

// profileOf returns the profile of an account to add.
func profileOf(u control.User) map[string]*string {
	profile := map[string]*string{"displayName": &u.Name}
	for property, value := range u.Profile {
		profile[property] = &value
	}
	return profile
}

func insertUser(d *directory.State, u directory.User) error {
	if _, taken := d.UserByEmail(u.Email); taken {
		return invalid("email", "the sandbox already has an account %s", u.Email)
	}
	if _, taken := d.UserByID(u.ID); taken {
		return invalid("id", "the sandbox already has an account with the id %s", u.ID)
	}
	d.Users = append(d.Users, u)
	return nil
}

// RemoveUser removes an account and ends its sign-ins. The seeded user, or the administrator
// of an empty tenant, cannot be removed.
func (t *Tenant) RemoveUser(email string) error {
	if strings.EqualFold(email, seededAccount(t.Facts())) {
		return fmt.Errorf("the account %s belongs to the sandbox and cannot be removed", email)
	}
	return t.changeUser(email, func(d *directory.State, u *directory.User) {
		removed := u.ID
		d.Users = slices.DeleteFunc(d.Users, func(u directory.User) bool { return u.ID == removed })
		maps.DeleteFunc(d.Families, func(_ string, f directory.Family) bool { return f.User == removed })
	})
}

func (t *Tenant) users() []control.User {
	all := []control.User{}
	t.directory.View(func(d *directory.State) {
		for _, u := range d.Users {
			shown := control.User{ID: u.ID, Email: u.Email, MFA: u.MFA}
			if name := u.Profile["displayName"]; name != nil {
				shown.Name = *name
			}
			all = append(all, shown)
		}
	})
	return all
}

// RevokeSessions ends every sign-in of a user, as ResetPassword does.
func (t *Tenant) RevokeSessions(email string) error {
	return t.changeUser(email, func(d *directory.State, u *directory.User) { endSignIns(d, u, t.now()) })
}

func endSignIns(d *directory.State, u *directory.User, now time.Time) {
	u.NotBefore = now
	for id, family := range d.Families {
		if family.User == u.ID {
			family.Revoked = true
			d.Families[id] = family
		}
	}
}

// SetProfile changes one property of a user's profile as an administrator would,
// without checking the value. A nil value removes the property.
func (t *Tenant) SetProfile(email, property string, value *string) error {
	return t.changeUser(email, func(_ *directory.State, u *directory.User) { u.Profile[property] = value })
}

// Profile returns a user's profile without read lag. It is empty if the user
// does not exist.
func (t *Tenant) Profile(email string) map[string]*string {
	profile := map[string]*string{}
	t.directory.View(func(d *directory.State) {
		if u, ok := d.UserByEmail(email); ok {
			maps.Copy(profile, u.Profile)
		}
	})
	return profile
}

func (t *Tenant) changeUser(email string, change func(*directory.State, *directory.User)) error {
	return t.directory.Update(func(d *directory.State) error {
		u, ok := d.UserByEmail(email)
		if !ok {
			return missingError("account " + email)
		}
		change(d, u)
		return nil
	})
}
