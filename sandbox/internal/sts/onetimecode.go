package sts

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

const codeDigits = 8

// oneTimeCode is a code that was sent to an email address. It can be used once.
type oneTimeCode struct {
	value    string
	to       string
	attempts int
	expires  time.Time
}

// purpose is what a one-time code is for. The zero value is the second factor of the account
// that signs in.
type purpose struct {
	reset  string       // the email address whose password the user forgot
	signUp *pendingUser // the account that the user is creating
}

// setPurpose changes what the next code is for. The code that was sent for something else, and
// what the user may do because of one, are no longer valid: otherwise, a user could start two
// flows in one transaction, and finish that of another user with the code for their own.
func (s *STS) setPurpose(t *transaction, p purpose) {
	t.purpose, t.mayReset = p, false
	s.mu.Lock()
	defer s.mu.Unlock()
	t.code = nil
}

// sendCode sends a new code to an email address. It replaces the transaction's previous
// code.
func (s *STS) sendCode(t *transaction, to, subject string) {
	value, err := randomDigits(codeDigits)
	if err != nil { // crypto/rand never fails
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.code = &oneTimeCode{value: value, to: to, expires: s.Now().Add(codeLife)}
	s.deliver(control.Message{To: to, Subject: subject, Code: value, At: s.Now()})
}

func randomDigits(n int64) (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)
	value, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", n, value), nil
}

// enterCode handles the page for one-time codes.
func (s *STS) enterCode(w http.ResponseWriter, r *http.Request, t *transaction) {
	entered := strings.ReplaceAll(strings.TrimSpace(r.PostForm.Get("code")), " ", "")
	ok, retry := s.checkCode(t, entered)
	switch {
	case ok:
		s.codeAccepted(w, r, t)
	case retry:
		s.show(w, r, t, "code", "That code is incorrect. Check the most recent email and try again.")
	default:
		s.show(w, r, t, "code", "That code is no longer valid. Request a new one.")
	}
}

// checkCode compares the entered code with the transaction's code. If they differ, retry
// reports whether the user may try again. A code that was accepted or has no attempts left
// is deleted.
func (s *STS) checkCode(t *transaction, entered string) (ok, retry bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := t.code
	if code == nil || s.Now().After(code.expires) {
		return false, false
	}
	code.attempts++
	ok = subtle.ConstantTimeCompare([]byte(entered), []byte(code.value)) == 1
	retry = !ok && code.attempts < maxAttempts
	if !retry {
		t.code = nil
	}
	return ok, retry
}

// codeAccepted continues with what the code was for: a password reset, a sign-up, or a
// second factor.
func (s *STS) codeAccepted(w http.ResponseWriter, r *http.Request, t *transaction) {
	switch {
	case t.reset != "":
		t.mayReset = true
		s.show(w, r, t, "new-password", "")
		return
	case t.signUp != nil:
		s.finishSignUp(w, r, t)
		return
	}
	t.auth.MFA = true
	s.remember(w, r, t.auth)
	s.advance(w, r, t)
}

// resendCode sends a new code for whatever the transaction needs one for.
func (s *STS) resendCode(w http.ResponseWriter, r *http.Request, t *transaction) {
	if t.reset != "" {
		s.sendResetCode(w, r, t)
		return
	}
	to := ""
	if t.signUp != nil {
		to = t.signUp.email
	} else if user, ok := s.findUser(t.auth.UserID); ok {
		to = user.Email
	}
	if to == "" {
		s.advance(w, r, t)
		return
	}
	s.sendCode(t, to, "Your sign-in code")
	s.show(w, r, t, "code", "")
}
