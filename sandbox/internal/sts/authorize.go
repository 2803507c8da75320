package sts

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// transactionLife is how long a person may take over the pages.
const transactionLife = 30 * time.Minute

// transaction is one sign-in under way, bound to one browser.
type transaction struct {
	mu          sync.Mutex // held while one of its forms is handled
	id, browser string
	app         directory.App
	grant       grant
	demands     demands
	redirect    string
	mode        string // query or form_post
	state       string
	nonce       string
	challenge   string
	prompt      string
	hint        string
	device      *device // set where a device waits, not a redirect URI
	expires     time.Time

	facts    Facts    // what was proved so far
	signUp   *newUser // an account being made
	sent     *oneTime // the one-time code that is awaited
	reset    string   // the address whose password was forgotten
	mayReset bool     // its code was right
}

// authorize checks a request and starts a transaction. What is wrong with the
// client or its redirect URI is shown, never redirected: the address may be a
// thief's (RFC 6749, 4.1.2.1).
func (s *STS) authorize(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.errorPage(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.errorPage(w, r, no(9002))
		return
	}
	for _, values := range r.Form {
		if len(values) > 1 {
			s.errorPage(w, r, no(9002))
			return
		}
	}
	_, app, known := s.find("", r.Form.Get("client_id"))
	switch {
	case r.Form.Get("client_id") == "":
		s.errorPage(w, r, no(900144, "client_id"))
		return
	case !known:
		s.errorPage(w, r, no(700016, r.Form.Get("client_id")))
		return
	case !registered(app, r.Form.Get("redirect_uri")):
		s.errorPage(w, r, no(50011))
		return
	}
	t, f := s.newTransaction(r.Form, app)
	if f != nil {
		s.redirectError(w, r, t, f)
		return
	}
	s.begin(w, r, t)
}

// newTransaction reads the rest of the request. Its errors go back to the
// client, so the transaction is returned with them.
func (s *STS) newTransaction(form url.Values, app directory.App) (*transaction, *refusal) {
	t := &transaction{
		id: rand.Text(), app: app, redirect: form.Get("redirect_uri"), state: form.Get("state"), nonce: form.Get("nonce"),
		challenge: form.Get("code_challenge"), prompt: form.Get("prompt"), hint: form.Get("login_hint"),
		mode: form.Get("response_mode"), expires: s.Now().Add(transactionLife),
	}
	if t.mode == "" {
		t.mode = "query"
	}
	var f *refusal
	if t.demands, f = readClaims(form.Get("claims")); f != nil {
		return t, f
	}
	switch {
	case !slices.Contains([]string{"query", "form_post"}, t.mode):
		t.mode = "query"
		return t, no(90023, "the response_mode is not supported")
	case form.Get("response_type") != "code":
		return t, no(90023, "the response_type is not supported")
	case app.Public && t.challenge == "":
		return t, no(700030)
	case t.challenge != "" && (form.Get("code_challenge_method") != "S256" || len(t.challenge) != 43):
		return t, no(90023, "the code_challenge_method must be S256")
	case !slices.Contains([]string{"", "none", "login", "select_account", "create", "consent"}, t.prompt):
		return t, no(90023, "the prompt is not supported")
	}
	t.grant, f = s.resolve(form.Get("scope"), app)
	if f != nil && f.code == 28000 {
		f = no(700022)
	}
	return t, f
}

// begin binds the transaction to this browser and takes its session over, as
// far as the request allows.
func (s *STS) begin(w http.ResponseWriter, r *http.Request, t *transaction) {
	t.browser = s.cookie(r, browserCookie)
	if t.browser == "" {
		t.browser = rand.Text()
		s.setCookie(w, r, browserCookie, t.browser)
	}
	accounts := s.signedIn(r)
	if t.prompt != "login" && t.prompt != "create" {
		t.facts = s.chosen(accounts, t.hint)
	}
	s.mu.Lock()
	s.sweep()
	s.transactions[t.id] = t
	s.mu.Unlock()
	if t.prompt == "none" {
		switch {
		case t.facts.User == "" && len(accounts) > 1:
			s.redirectError(w, r, t, no(16000))
		case t.facts.User == "":
			s.redirectError(w, r, t, no(50058))
		case s.needsMFA(t.grant.Resource, t.demands, t.facts):
			s.redirectError(w, r, t, s.mfaRefusal(t.grant.Resource, t.demands))
		default:
			s.finish(w, r, t)
		}
		return
	}
	several := t.prompt == "" && t.hint == "" && len(accounts) > 1
	if several || t.prompt == "select_account" && len(accounts) > 0 {
		s.show(w, r, t, "account", "")
		return
	}
	s.advance(w, r, t)
}

// chosen is the account that the request means: the one of the hint, or the only
// one.
func (s *STS) chosen(accounts []Facts, hint string) Facts {
	for _, f := range accounts {
		user, _, ok := s.find(f.User, "")
		if ok && hint != "" && strings.EqualFold(hint, user.Email) {
			return f
		}
	}
	if hint == "" && len(accounts) == 1 {
		return accounts[0]
	}
	return Facts{}
}

// sweep forgets what has expired. The caller holds the lock.
func (s *STS) sweep() {
	now := s.Now()
	for id, t := range s.transactions {
		if now.After(t.expires) {
			delete(s.transactions, id)
		}
	}
	for id, c := range s.codes {
		if now.After(c.expires.Add(codeLife)) { // kept a while, to notice reuse
			delete(s.codes, id)
		}
	}
	for id, d := range s.devices {
		if now.After(d.expires.Add(codeLife)) {
			delete(s.devices, id)
		}
	}
}

// finish answers the client with a code, or lets the device in.
func (s *STS) finish(w http.ResponseWriter, r *http.Request, t *transaction) {
	s.mu.Lock()
	delete(s.transactions, t.id)
	s.mu.Unlock()
	facts := t.facts
	facts.Family = NewID()
	if t.device != nil {
		s.mu.Lock()
		t.device.facts, t.device.approved = facts, true
		s.mu.Unlock()
		s.message(w, r, "You are signed in", "Go back to your device: "+t.app.Name+" goes on by itself.")
		return
	}
	value := "1." + rand.Text() + rand.Text()
	s.mu.Lock()
	s.codes[value] = &code{
		client: t.app.ID, redirect: t.redirect, challenge: t.challenge, nonce: t.nonce,
		grant: t.grant, facts: facts, expires: s.Now().Add(codeLife),
	}
	s.mu.Unlock()
	s.answer(w, r, t, url.Values{"code": {value}, "state": {t.state}, "session_state": {NewID()}})
}

// redirectError sends the client an error (RFC 6749, 4.1.2.1).
func (s *STS) redirectError(w http.ResponseWriter, r *http.Request, t *transaction, f *refusal) {
	s.mu.Lock()
	delete(s.transactions, t.id)
	s.mu.Unlock()
	s.Log.Info("refuse", "path", r.URL.Path, "code", f.code)
	if t.device != nil {
		s.errorPage(w, r, f)
		return
	}
	values := url.Values{"error": {f.oauth}, "error_description": {f.description(s.ids(r))}, "state": {t.state}}
	if f.code == 65004 {
		values.Set("error_subcode", "cancel")
	}
	s.answer(w, r, t, values)
}

// answer brings the values to the redirect URI, by a form that posts itself or
// in the query.
func (s *STS) answer(w http.ResponseWriter, r *http.Request, t *transaction, values url.Values) {
	if t.state == "" {
		values.Del("state")
	}
	if t.mode == "form_post" {
		s.formPost(w, r, t.redirect, values)
		return
	}
	u, err := url.Parse(t.redirect)
	if err != nil { // registered URIs parse
		s.errorPage(w, r, no(50011))
		return
	}
	q := u.Query()
	for name := range values {
		q.Set(name, values.Get(name))
	}
	u.RawQuery = q.Encode()
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}
