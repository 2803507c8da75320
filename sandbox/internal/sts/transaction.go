package sts

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

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

	// The request. A device's sign-in has no redirect URI.
	app       directory.App
	grant     grant
	claims    claimsRequest
	redirect  string
	mode      string // response_mode: query or form_post
	state     string
	nonce     string
	challenge string // PKCE code_challenge
	prompt    string
	hint      string  // login_hint, or the email address that the user entered last
	device    *device // the device that waits for the sign-in

	// What the user has done so far.
	auth     authentication
	signUp   *pendingUser // the account that the user is creating
	code     *oneTimeCode // the one-time code that the user must enter
	reset    string       // the email address whose password the user forgot
	mayReset bool         // whether the user entered the code for reset
}

// newTransaction validates the parameters of an authorization request, except the client
// and its redirect URI. It returns the transaction even if there is an error, because the
// error is sent to the redirect URI.
func (s *STS) newTransaction(form url.Values, app directory.App) (*transaction, *entraError) {
	t := &transaction{
		id:        rand.Text(),
		expires:   s.Now().Add(transactionLife),
		app:       app,
		redirect:  form.Get("redirect_uri"),
		mode:      form.Get("response_mode"),
		state:     form.Get("state"),
		nonce:     form.Get("nonce"),
		challenge: form.Get("code_challenge"),
		prompt:    form.Get("prompt"),
		hint:      form.Get("login_hint"),
	}
	if t.mode == "" {
		t.mode = "query"
	}
	var e *entraError
	if t.claims, e = readClaims(form.Get("claims")); e != nil {
		return t, e
	}
	if e := t.validate(form); e != nil {
		return t, e
	}
	t.grant, e = s.resolve(form.Get("scope"), app)
	if e != nil && e.code == aadstsTokenScopeResources {
		e = newError(aadstsAuthorizeScopeResources)
	}
	return t, e
}

func (t *transaction) validate(form url.Values) *entraError {
	switch {
	case !slices.Contains([]string{"query", "form_post"}, t.mode):
		e := newError(aadstsResponseModeUnsupported, t.mode)
		t.mode = "query" // to send the error
		return e
	case form.Get("response_type") != "code":
		return newError(aadstsRequestInvalid, "the response_type is not supported")
	case t.app.Public && t.challenge == "":
		return newError(aadstsPKCERequired)
	case t.challenge != "" && form.Get("code_challenge_method") != "S256",
		t.challenge != "" && len(t.challenge) != 43: // a SHA-256 sum in base64url
		return newError(aadstsRequestInvalid, "the code_challenge_method must be S256")
	case !slices.Contains([]string{"", "none", "login", "select_account", "create", "consent"}, t.prompt):
		return newError(aadstsRequestInvalid, "the prompt is not supported")
	}
	return nil
}

// step returns a handler for a form of the sign-in pages. The form names its transaction,
// which must have started in the same browser.
func (s *STS) step(next func(http.ResponseWriter, *http.Request, *transaction)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			s.errorPage(w, r, newError(aadstsMalformedRequest))
			return
		}
		s.mu.Lock()
		t, ok := s.transactions[r.PostForm.Get("tx")]
		s.mu.Unlock()
		if !ok || s.Now().After(t.expires) || !t.startedIn(readCookie(r, browserCookie)) {
			s.errorPage(w, r, newError(aadstsGrantExpired))
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
	case s.needsMFA(t.grant.resource, t.claims, t.auth):
		user, ok := s.findUser(t.auth.UserID)
		if !ok {
			s.redirectError(w, r, t, newError(aadstsUserNotFound))
			return
		}
		s.sendCode(t, user.Email, "Your sign-in code")
		s.show(w, r, t, "code", "")
	default:
		s.finish(w, r, t)
	}
}

func (s *STS) cancel(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.redirectError(w, r, t, newError(aadstsUserDeclined))
}
