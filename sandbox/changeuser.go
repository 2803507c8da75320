package sandbox

import (
	"cmp"
	"maps"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// user returns an account with its profile, without read lag.
func (t *Tenant) user(email string) (found control.User, err error) {
	err = missingError("account " + email)
	t.directory.View(func(d *directory.State) {
		u, ok := d.UserByEmail(email)
		if !ok {
			return
		}
		err = nil
		found = control.User{ID: u.ID, Email: u.Email, MFA: u.MFA, Profile: map[string]string{}}
		for property, value := range u.Profile {
			if value != nil {
				found.Profile[property] = *value
			}
		}
		found.Name = found.Profile["displayName"]
	})
	return found, err
}

// ChangeUser changes an account as an administrator would. After an error of the
// change, the account is as before. A new password unlocks the account and ends the earlier
// sign-ins, except those at confidential clients.
func (t *Tenant) ChangeUser(email string, change control.UserChange) error {
	if err := t.checkChange(change); err != nil {
		return err
	}
	err := t.directory.Update(func(d *directory.State) error {
		u, ok := d.UserByEmail(email)
		if !ok {
			return missingError("account " + email)
		}
		return applyChange(d, u, change)
	})
	if err == nil && change.Email != nil {
		t.renameUser(email, *change.Email)
		email = *change.Email
	}
	if err != nil || change.Password == "" {
		return err
	}
	_, err = t.sts.ChangePassword(email, change.Password)
	return err
}

func (t *Tenant) checkChange(change control.UserChange) error {
	if change.Password != "" {
		if err := directory.CheckPassword(change.Password); err != nil {
			return invalid("password", "%v", err)
		}
	}
	if change.Email != nil {
		if err := checkEmail(*change.Email); err != nil {
			return err
		}
	}
	return checkProfile(t.attributes(), change.Profile)
}

// applyChange changes everything but the password.
func applyChange(d *directory.State, u *directory.User, change control.UserChange) error {
	if change.Email != nil {
		if other, taken := d.UserByEmail(*change.Email); taken && other.ID != u.ID {
			return invalid("email", "the sandbox already has an account %s", *change.Email)
		}
		u.Email = *change.Email
	}
	if change.MFA != nil {
		u.MFA = *change.MFA
	}
	if change.Roles != nil {
		ids, err := roleIDs(change.Roles)
		if err != nil {
			return err
		}
		if !u.Work && len(ids) > 0 {
			return invalid("roles", "a customer has no directory roles")
		}
		u.Roles = ids
	}
	if u.Profile == nil {
		u.Profile = map[string]*string{}
	}
	maps.Copy(u.Profile, change.Profile)
	return nil
}

// ResetPassword gives an account a new password, which is generated if password is
// empty, and returns it. It unlocks the account and ends every sign-in.
func (t *Tenant) ResetPassword(email, password string) (string, error) {
	password = cmp.Or(password, newPassword())
	if err := t.ChangeUser(email, control.UserChange{Password: password}); err != nil {
		return "", err
	}
	return password, t.RevokeSessions(email)
}
