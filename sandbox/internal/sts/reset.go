package sts

import (
	"net/http"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// startReset moves from the sign-in page to the page for a forgotten password
// (learn.microsoft.com, "Enable self-service password reset", external tenants: the user
// enters a code from an email and then a new password).
func (s *STS) startReset(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.show(w, r, t, "forgot", "")
}

// requestReset sends a code to the email address whose password the user forgot.
func (s *STS) requestReset(w http.ResponseWriter, r *http.Request, t *transaction) {
	t.hint = normalizeEmail(r.PostForm.Get("email"))
	if !isEmail(t.hint) {
		s.show(w, r, t, "forgot", "Enter a valid email address.")
		return
	}
	s.setPurpose(t, purpose{reset: t.hint})
	s.sendResetCode(w, r, t)
}

// sendResetCode sends a code for the password reset. An address without an account gets no
// code, but the page is the same, so that it does not reveal who has an account.
func (s *STS) sendResetCode(w http.ResponseWriter, r *http.Request, t *transaction) {
	known := false
	s.Directory.View(func(d *directory.State) { _, known = d.UserByEmail(t.reset) })
	if known {
		s.sendCode(t, t.reset, "Your password reset code")
	} else {
		s.withholdCode(t)
	}
	s.show(w, r, t, "code", "")
}

// withholdCode makes the transaction expect a code that is never sent and that no user can
// guess.
func (s *STS) withholdCode(t *transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.code = &oneTimeCode{value: directory.NewID(), to: t.reset, expires: s.Now().Add(codeLife)}
}

// newPassword changes the password, which ends the user's earlier sign-ins except those at
// confidential clients.
func (s *STS) newPassword(w http.ResponseWriter, r *http.Request, t *transaction) {
	password := r.PostForm.Get("password")
	refused := s.passwordRefusal(password)
	switch {
	case !t.mayReset:
		s.errorPage(w, r, newError(aadstsGrantExpired))
		return
	case refused != "":
		s.show(w, r, t, "new-password", refused)
		return
	}
	userID, err := s.ChangePassword(t.reset, password)
	if err != nil {
		s.Log.Error("set password", "error", err)
		s.errorPage(w, r, newError(aadstsUserNotFound))
		return
	}
	s.setPurpose(t, purpose{})
	s.authenticated(w, r, t, userID)
}

// ChangePassword sets the password of the user with the email address, unlocks the account,
// ends the earlier sign-ins except those at confidential clients, and returns the user's ID.
func (s *STS) ChangePassword(email, password string) (userID string, err error) {
	hash, err := directory.Hash(password, s.Iterations)
	if err != nil {
		return "", err
	}
	err = s.Directory.Update(func(d *directory.State) error {
		user, ok := d.UserByEmail(email)
		if !ok {
			return newError(aadstsUserNotFound)
		}
		user.Password, user.PasswordChanged = hash, s.Now()
		userID = user.ID
		return nil
	})
	if err == nil {
		s.clearFailures(normalizeEmail(email))
		s.NewPassword(email, password)
	}
	return userID, err
}
