package sts

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
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
	auth  authentication
	typed url.Values   // the last form of the sign-up page, without the password
	wrong string       // the field of this form that is invalid
	code  *oneTimeCode // the one-time code that the user must enter
	purpose
	mayReset bool // whether the user entered the code for reset
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
	if t.auth.UserID == "" {
		page := "sign-in"
		if t.prompt == "create" && s.allowsSignUp(t.app.ID) {
			page = "sign-up"
		}
		s.show(w, r, t, page, "")
		return
	}
	unmet := s.unmet(t.grant.api.ID, t.claims, t.auth)
	switch {
	case len(unmet.blocked) > 0:
		s.redirectError(w, r, t, s.blocked(t.grant.api.ID, unmet))
	case unmet.secondFactor():
		s.askForCode(w, r, t)
	default:
		s.consentAndFinish(w, r, t)
	}
}

// askForCode sends the one-time code of the second factor and shows the page for it. The code
// is the only second factor of the tenant. That a tenant that does not allow it responds with
// AADSTS50079 is inferred.
func (s *STS) askForCode(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.setPurpose(t, purpose{})
	user, ok := s.findUser(t.auth.UserID)
	var allowed bool
	s.Directory.View(func(d *directory.State) { allowed = !d.NoEmailOTP })
	switch {
	case !ok:
		s.redirectError(w, r, t, newError(aadstsUserNotFound))
	case !allowed:
		s.redirectError(w, r, t, newError(aadstsMFAEnrollment, t.grant.api.ID).
			because("a second factor is required, but the tenant does not allow one-time codes by email: the "+
				"authentication method email is disabled"))
	case s.mayContinue(w, r, costCode, s.errorPage):
		s.sendCode(t, user.Email, "Your sign-in code")
		s.show(w, r, t, "code", "")
	}
}

// allowsSignUp reports whether customers can create an account when they sign in to an app: it
// must be in a user flow (learn.microsoft.com, "Add an application to a user flow").
func (s *STS) allowsSignUp(appID string) (allowed bool) {
	s.Directory.View(func(d *directory.State) { allowed = d.AllowsSignUp(appID) })
	return allowed
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
