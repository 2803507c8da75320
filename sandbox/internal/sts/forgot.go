package sts

import (
	"net/http"
	"net/mail"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// startForgot goes from the sign-in page to the one for a forgotten password
// (learn.microsoft.com, "Enable self-service password reset", external tenants:
// an e-mailed code, then a new password).
func (s *STS) startForgot(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.show(w, r, t, "forgot", "")
}

// forgot mails a code. An address without an account gets none, and the page
// does not tell.
func (s *STS) forgot(w http.ResponseWriter, r *http.Request, t *transaction) {
	t.hint = strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	if address, err := mail.ParseAddress(t.hint); err != nil || address.Address != t.hint {
		s.show(w, r, t, "forgot", "Enter a valid e-mail address.")
		return
	}
	t.reset = t.hint
	s.forgotAgain(w, r, t)
}

// forgotAgain mails a new code for the address.
func (s *STS) forgotAgain(w http.ResponseWriter, r *http.Request, t *transaction) {
	known := false
	s.Directory.View(func(d *directory.State) { _, known = d.UserByEmail(t.reset) })
	if known {
		s.sendCode(t, t.reset, "Your password reset code")
	} else {
		s.expectSecretCode(t)
	}
	s.show(w, r, t, "code", "")
}

// expectSecretCode makes the code page behave as if a code had been mailed. No
// message carries the code, and nobody can guess it.
func (s *STS) expectSecretCode(t *transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.sent = &oneTime{code: NewID(), to: t.reset, expires: s.Now().Add(codeLife)}
}

// newPassword sets the password and ends every earlier sign-in.
func (s *STS) newPassword(w http.ResponseWriter, r *http.Request, t *transaction) {
	password := r.PostForm.Get("password")
	switch {
	case !t.mayReset:
		s.errorPage(w, r, no(70008))
		return
	case len(password) < leastPassword || len(password) > mostPassword:
		s.show(w, r, t, "new-password", "Choose a password of at least 8 characters.")
		return
	}
	hash, err := directory.Hash(password, s.Iterations)
	var user string
	if err == nil {
		err = s.Directory.Update(func(d *directory.State) error {
			u, ok := d.UserByEmail(t.reset)
			if !ok {
				return no(50034)
			}
			u.Password, u.NotBefore, user = hash, s.Now(), u.ID
			return nil
		})
	}
	if err != nil {
		s.Log.Error("set password", "error", err)
		s.errorPage(w, r, no(50034))
		return
	}
	s.mu.Lock()
	delete(s.failures, t.reset)
	s.mu.Unlock()
	t.reset, t.mayReset = "", false
	s.authenticated(w, r, t, user)
}
