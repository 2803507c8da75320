package sts

import (
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// transactionLife is the time that a user has to complete the pages.
const transactionLife = 30 * time.Minute

// transaction is a sign-in in progress. It is bound to one browser.
type transaction struct {
	mu      sync.Mutex // held while one of its forms is handled
	id      string
	browser string // the value of the browser's cookie
	expires time.Time

	request
	device *device // the device that waits for the sign-in, or nil

	// What the user has done so far.
	auth     authentication
	signUp   *pendingUser // the account that the user is creating
	code     *oneTimeCode // the one-time code that the user must enter
	reset    string       // the email address whose password the user forgot
	mayReset bool         // whether the user entered the code for reset
}

// step returns a handler for a form of the sign-in pages. The form names its transaction,
// which must have started in the same browser.
func (s *STS) step(next func(http.ResponseWriter, *http.Request, *transaction)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if e := parseForm(w, r); e != nil {
			s.errorPage(w, r, e)
			return
		}
		s.mu.Lock()
		t, ok := s.transactions[r.PostForm.Get("tx")]
		s.mu.Unlock()
		if !ok || s.Now().After(t.expires) || !t.startedIn(readCookie(r, browserCookie)) {
			s.errorPage(w, r, newError(aadstsGrantExpired).
				because("the page is older than %s, belongs to another browser, or was finished", transactionLife))
			return
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		next(w, r, t)
	}
}

// startedIn reports whether the transaction was started in the browser with the cookie.
func (t *transaction) startedIn(browser string) bool {
	return subtle.ConstantTimeCompare([]byte(browser), []byte(t.browser)) == 1
}

// advance shows the next page, or finishes the transaction if the user has met every
// requirement.
func (s *STS) advance(w http.ResponseWriter, r *http.Request, t *transaction) {
	switch {
	case t.auth.UserID == "" && t.prompt == "create":
		s.show(w, r, t, "sign-up", "")
	case t.auth.UserID == "":
		s.show(w, r, t, "sign-in", "")
	case s.needsMFA(t.grant.api.ID, t.claims, t.auth):
		user, ok := s.findUser(t.auth.UserID)
		if !ok {
			s.redirectError(w, r, t, newError(aadstsUserNotFound))
			return
		}
		if !s.mayContinue(w, r, costCode, s.errorPage) {
			return
		}
		s.sendCode(t, user.Email, "Your sign-in code")
		s.show(w, r, t, "code", "")
	case len(t.unconsented) > 0:
		s.show(w, r, t, "consent", "")
	default:
		s.finish(w, r, t)
	}
}

// cancel ends a sign-in that the user canceled. A device learns it when it polls.
func (s *STS) cancel(w http.ResponseWriter, r *http.Request, t *transaction) {
	if t.device != nil {
		s.end(t)
		s.decline(t.device)
		s.recordTransaction(r, t)
		audit.From(r.Context()).Refused(deviceDeclined().Error(), "the user canceled the sign-in")
		s.message(w, r, "You have canceled the sign-in", "You can close this window.")
		return
	}
	s.redirectError(w, r, t, newError(aadstsUserDeclined))
}
