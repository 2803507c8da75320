package sandbox

import (
	"maps"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/graph"
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
// change, the account is as before. A new password unlocks the account and ends
// every sign-in.
func (t *Tenant) ChangeUser(email string, change control.UserChange) error {
	if change.Password != "" {
		if err := directory.CheckPassword(change.Password); err != nil {
			return err
		}
	}
	for property, value := range change.Profile {
		if err := graph.CheckProperty(property, value); err != nil {
			return err
		}
	}
	err := t.changeUser(email, func(_ *directory.State, u *directory.User) {
		if change.MFA != nil {
			u.MFA = *change.MFA
		}
		if u.Profile == nil {
			u.Profile = map[string]*string{}
		}
		maps.Copy(u.Profile, change.Profile)
	})
	if err != nil || change.Password == "" {
		return err
	}
	_, err = t.sts.ChangePassword(email, change.Password)
	return err
}
