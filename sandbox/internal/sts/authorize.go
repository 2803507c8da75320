package sts

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// codeLife is the lifetime of authorization codes and of one-time codes.
const codeLife = 10 * time.Minute

// authorize is the authorize endpoint: it validates a request and starts a transaction.
// An error in the client or its redirect URI is shown on a page and not sent to the redirect
// URI, which might be an attacker's (RFC 6749, 4.1.2.1).
func (s *STS) authorize(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	if e := readForm(w, r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	app, e := s.requestedApp(r)
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	to, e := findRedirect(app, r.Form.Get("redirect_uri"))
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	cost := costSignIn
	if r.Form.Get("prompt") == "create" {
		cost = costSignUp
	}
	if !s.mayContinue(w, r, cost, s.errorPage) {
		return
	}
	t, e := s.newTransaction(r.Form, app, to)
	if e != nil {
		s.redirectError(w, r, t, e)
		return
	}
	s.begin(w, r, t)
}

// requestedApp returns the app that an authorization request names.
func (s *STS) requestedApp(r *http.Request) (directory.App, *entraError) {
	clientID := r.Form.Get("client_id")
	if clientID == "" {
		return directory.App{}, newError(aadstsParameterMissing, "client_id")
	}
	app, known := s.findApp(clientID)
	audit.From(r.Context()).Client(clientID, app.Name)
	if !known {
		return app, s.unknownClient(clientID)
	}
	return app, s.checkPrincipal(app)
}

// begin binds the transaction to the browser. It uses the accounts that are signed in with
// the browser, unless the request asks for a new sign-in.
func (s *STS) begin(w http.ResponseWriter, r *http.Request, t *transaction) {
	t.browser = readCookie(r, browserCookie)
	if t.browser == "" {
		t.browser = rand.Text()
		s.setCookie(w, r, browserCookie, t.browser)
	}
	accounts := s.signedIn(r)
	if t.prompt != "create" {
		t.auth = s.earlierSignIn(t, accounts, t.hint, t.session)
	}
	s.mu.Lock()
	s.sweep()
	s.transactions[t.id] = t
	s.mu.Unlock()
	ambiguous := (t.prompt == "" || t.prompt == "consent") && t.hint == "" && t.session == "" && len(accounts) > 1
	switch {
	case t.prompt == "none":
		s.finishSilently(w, r, t, len(accounts))
	case ambiguous, t.prompt == "select_account" && len(accounts) > 0:
		s.show(w, r, t, "account", "")
	default:
		s.advance(w, r, t)
	}
}

// finishSilently finishes a transaction with prompt=none, or sends an error to the redirect
// URI if the user would have to interact. signedIn is the number of accounts that are signed
// in with the browser.
func (s *STS) finishSilently(w http.ResponseWriter, r *http.Request, t *transaction, signedIn int) {
	switch {
	case t.auth.UserID == "" && t.session != "":
		s.redirectError(w, r, t, newError(aadstsSessionUnknown))
	case t.auth.UserID == "" && signedIn > 1 && t.hint == "":
		s.redirectError(w, r, t, newError(aadstsSelectAccount))
	case t.auth.UserID == "":
		s.redirectError(w, r, t, newError(aadstsNotSignedIn))
	case s.settleConsent(t) != nil, len(t.unconsented) > 0:
		e := newError(aadstsConsentMissing, t.app.ID)
		e.oauth = "interaction_required"
		s.redirectError(w, r, t, e)
	default:
		if e := s.checkPolicies(t.grant.api.ID, t.claims, t.auth); e != nil {
			e.oauth = "interaction_required"
			s.redirectError(w, r, t, e)
			return
		}
		s.finish(w, r, t)
	}
}

// earlierSignIn returns the account that matchAccount finds, unless the request requires a new
// sign-in.
func (s *STS) earlierSignIn(t *transaction, accounts []authentication, hint, session string) authentication {
	found := s.matchAccount(accounts, hint, session)
	if t.prompt == "login" || t.maxAge >= 0 && s.Now().Sub(found.At) > t.maxAge {
		return authentication{}
	}
	return found
}

// matchAccount returns the account that the hint or the session names or, without both, the
// only account. If there is none, it returns the zero value.
func (s *STS) matchAccount(accounts []authentication, hint, session string) authentication {
	for _, a := range accounts {
		if session != "" && a.Session == session || s.isHinted(a.UserID, hint) {
			return a
		}
	}
	if hint == "" && session == "" && len(accounts) == 1 {
		return accounts[0]
	}
	return authentication{}
}

// isHinted reports whether a login_hint or logout_hint names a user: by the email address, or
// by the value of the login_hint claim.
func (s *STS) isHinted(userID, hint string) bool {
	user, ok := s.findUser(userID)
	return ok && hint != "" && (strings.EqualFold(hint, user.Email) || hint == loginHint(s.tenant().sealKey, user.ID))
}

// finish ends a successful transaction. It sends an authorization code to the redirect URI,
// or approves the device.
func (s *STS) finish(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.end(t)
	auth := t.auth
	auth.Family = directory.NewID()
	s.recordTransaction(r, t)
	if t.device != nil {
		s.approve(t.device, t.grant, auth)
		audit.From(r.Context()).Issued("approved the device; %s", howSignedIn(auth))
		s.message(w, r, "You are signed in",
			"You have signed in to "+t.app.Name+" on your device. You can close this window.")
		return
	}
	s.participate(auth, t.app.ID)
	value := "1." + rand.Text() + rand.Text()
	s.mu.Lock()
	s.codes[value] = &authorizationCode{
		clientID:  t.app.ID,
		redirect:  t.redirect.uri,
		picked:    t.picked,
		spa:       t.redirect.spa,
		challenge: t.challenge,
		plain:     t.plain,
		nonce:     t.nonce,
		grant:     t.grant,
		claims:    t.claims,
		auth:      auth,
		expires:   s.Now().Add(codeLife),
	}
	s.mu.Unlock()
	audit.From(r.Context()).Issued("sent an authorization code to %s; %s", t.redirect.uri, howSignedIn(auth))
	values := url.Values{"code": {value}, "session_state": {auth.Session}}
	if t.clientInfo {
		if info, err := clientInfo(auth.UserID, s.tenant().id); err == nil {
			values.Set("client_info", info)
		}
	}
	s.respond(w, r, t, values)
}

func (s *STS) end(t *transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.transactions, t.id)
}

// redirectError ends a transaction and sends an error to the redirect URI (RFC 6749,
// 4.1.2.1). A device's sign-in has no redirect URI, so its error is shown on a page.
func (s *STS) redirectError(w http.ResponseWriter, r *http.Request, t *transaction, e *entraError) {
	s.end(t)
	if t.device != nil {
		s.errorPage(w, r, e)
		return
	}
	s.recordTransaction(r, t)
	values := url.Values{"error": {e.oauth}, "error_description": {e.description(s.refuse(r, e))}}
	if e.code == aadstsUserDeclined {
		values.Set("error_subcode", "cancel")
	}
	s.respond(w, r, t, values)
}

// respond sends the authorization response to the redirect URI, in the response mode of the
// request.
func (s *STS) respond(w http.ResponseWriter, r *http.Request, t *transaction, values url.Values) {
	if t.state != "" {
		values.Set("state", t.state)
	}
	if t.mode == modeFormPost {
		s.formPost(w, r, t.redirect.uri, values)
		return
	}
	address, err := responseURI(t.redirect.uri, t.mode, values)
	if err != nil { // cannot happen: registered URIs are valid
		s.errorPage(w, r, newError(aadstsRedirectURIMismatch, t.redirect.uri, t.app.ID))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusFound) //nolint:gosec // the URI is registered
}
