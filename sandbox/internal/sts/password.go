package sts

import (
	"errors"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// maxAttempts limits the attempts at a one-time code, and at a password until the account
// is locked.
const maxAttempts = 5

// passwordRefusal returns what is shown for a new password that breaks a rule, or an empty string.
func (s *STS) passwordRefusal(password string) string {
	tenant := ""
	s.Directory.View(func(d *directory.State) { tenant = d.Subdomain })
	err := directory.CheckNewPassword(password, tenant)
	switch {
	case errors.Is(err, directory.ErrBanned):
		return "This password is too easy to guess. Choose another one."
	case err != nil:
		return "Choose a password of " + directory.PasswordRule + "."
	}
	return ""
}

// enterPassword checks the email address and password of the sign-in page. An unknown
// account takes the same time and gets the same response as a wrong password.
func (s *STS) enterPassword(w http.ResponseWriter, r *http.Request, t *transaction) {
	email := normalizeEmail(r.PostForm.Get("email"))
	t.hint = email
	s.mu.Lock()
	locked := s.failures[email] >= maxAttempts
	s.mu.Unlock()
	var user directory.User
	s.Directory.View(func(d *directory.State) {
		if u, ok := d.UserByEmail(email); ok {
			user = *u
		}
	})
	matches := directory.Matches(r.PostForm.Get("password"), user.Password, s.Iterations)
	switch {
	case locked:
		s.show(w, r, t, "sign-in",
			"This account is locked because an incorrect password was entered too many times.")
	case !matches:
		s.mu.Lock()
		s.failures[email]++
		failures := s.failures[email]
		s.mu.Unlock()
		recordWrongPassword(audit.From(r.Context()), user, failures)
		s.show(w, r, t, "sign-in", "We couldn't find an account with this email address and password.")
	default:
		s.clearFailures(email)
		s.authenticated(w, r, t, user.ID)
	}
}

// recordWrongPassword records what the page does not reveal.
func recordWrongPassword(record *audit.Record, user directory.User, failures int) {
	if user.Email == "" {
		record.Refused("", "no account has the email address that was entered")
		return
	}
	record.Refused("", "the password is wrong: attempt %d of %d before the account locks", failures, maxAttempts)
}

// clearFailures unlocks an account.
func (s *STS) clearFailures(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failures, email)
}

// authenticated records the first factor and advances the transaction.
func (s *STS) authenticated(w http.ResponseWriter, r *http.Request, t *transaction, userID string) {
	t.auth = authentication{UserID: userID, At: s.Now(), Session: directory.NewID()}
	s.remember(w, r, t.auth)
	s.advance(w, r, t)
}

// chooseAccount continues with the account that the user picked. Without one, it shows the
// sign-in page.
func (s *STS) chooseAccount(w http.ResponseWriter, r *http.Request, t *transaction) {
	email := r.PostForm.Get("account")
	t.auth, t.hint = authentication{}, email
	if email != "" {
		t.auth = s.earlierSignIn(t, s.signedIn(r), email, "")
	}
	s.advance(w, r, t)
}

func normalizeEmail(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
