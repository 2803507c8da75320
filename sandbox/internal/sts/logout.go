package sts

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// logout is the end session endpoint: it signs an account out of the browser
// (learn.microsoft.com, "OpenID Connect on the Microsoft identity platform", "Send a sign-out
// request"). If several accounts are signed in, and neither logout_hint nor id_token_hint
// names one, the user picks one.
func (s *STS) logout(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil && !isTenantAlias(r.PathValue("tenant")) {
		s.errorPage(w, r, e)
		return
	}
	if e := readForm(w, r); e != nil {
		s.errorPage(w, r, e)
		return
	}
	if r.Method == http.MethodPost && readCookie(r, sessionCookie) == "" {
		// Browsers leave the cookie out of a post from another site, but not out of this one.
		http.Redirect(w, r, r.URL.Path+"?"+r.Form.Encode(), http.StatusSeeOther)
		return
	}
	accounts := s.signedIn(r)
	i := slices.IndexFunc(accounts, func(a authentication) bool { return s.namedAtSignOut(r, a) })
	switch {
	case i >= 0:
		s.signOut(w, r, accounts[i])
	case len(accounts) > 1:
		s.pickSignOut(w, r, accounts)
	case len(accounts) == 1:
		s.signOut(w, r, accounts[0])
	default:
		s.signedOut(w, r, nil)
	}
}

// isTenantAlias reports whether the tenant in a path stands for any tenant.
func isTenantAlias(name string) bool {
	return slices.Contains([]string{"common", "organizations", "consumers"}, strings.ToLower(name))
}

// namedAtSignOut reports whether a sign-out request names an account: by the login_hint claim,
// or by an ID token, which may have expired (OpenID Connect RP-Initiated Logout 1.0, 2).
func (s *STS) namedAtSignOut(r *http.Request, a authentication) bool {
	if s.isHinted(a.UserID, r.Form.Get("logout_hint")) {
		return true
	}
	raw := r.Form.Get("id_token_hint")
	claims, err := s.Signer.Verify(s.tenant().keys, raw, issuedAt(raw))
	return err == nil && claims["oid"] == a.UserID
}

// issuedAt returns when a token says that it was issued, or the zero time.
func issuedAt(raw string) time.Time {
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	var claims struct {
		At int64 `json:"iat"`
	}
	if err != nil || json.Unmarshal(decoded, &claims) != nil {
		return time.Time{}
	}
	return time.Unix(claims.At, 0)
}

// pickSignOut shows the page on which the user picks the account to sign out.
func (s *STS) pickSignOut(w http.ResponseWriter, r *http.Request, accounts []authentication) {
	v := view{Title: "Pick an account", Action: r.URL.Path, Fields: url.Values{}}
	for _, name := range []string{"post_logout_redirect_uri", "state"} {
		if value := r.Form.Get(name); value != "" {
			v.Fields.Set(name, value)
		}
	}
	for _, a := range accounts {
		if user, ok := s.findUser(a.UserID); ok {
			v.Accounts = append(v.Accounts, user.Email)
		}
	}
	audit.From(r.Context()).Shown("asked which account to sign out")
	target := ""
	if s.anyAllowsRedirect(v.Fields.Get("post_logout_redirect_uri")) {
		target = origin(v.Fields.Get("post_logout_redirect_uri"))
	}
	s.render(w, r, http.StatusOK, "sign-out", v, target)
}

// signOut removes an account from the browser's session.
func (s *STS) signOut(w http.ResponseWriter, r *http.Request, a authentication) {
	s.recordUser(audit.From(r.Context()), a.UserID)
	s.mu.Lock()
	id := readCookie(r, sessionCookie)
	current := s.sessions[id]
	current.accounts = slices.DeleteFunc(slices.Clone(current.accounts), func(other authentication) bool {
		return other.UserID == a.UserID
	})
	s.sessions[id] = current
	apps := s.participants[a.Session].apps
	delete(s.participants, a.Session)
	s.mu.Unlock()
	if len(current.accounts) == 0 {
		s.forget(w, r)
	}
	s.signedOut(w, r, s.logoutURLs(r, a.Session, apps))
}

// signedOut ends a sign-out: it calls the front-channel logout URLs and returns the user to
// post_logout_redirect_uri. A URI that no app has registered is not followed.
func (s *STS) signedOut(w http.ResponseWriter, r *http.Request, logoutURLs []string) {
	record := audit.From(r.Context())
	next := s.afterSignOut(r)
	v := view{
		Title:  "You signed out of your account",
		Text:   "It's a good idea to close all browser windows.",
		Frames: logoutURLs,
		Action: next,
	}
	switch {
	case len(logoutURLs) > 0:
		record.Answered("signed the user out and called %s", strings.Join(logoutURLs, ", "))
	case next != "":
		record.Answered("signed the user out and returned to %s", r.Form.Get("post_logout_redirect_uri"))
		http.Redirect(w, r, next, http.StatusFound)
		return
	case r.Form.Get("post_logout_redirect_uri") != "":
		record.Answered("signed the user out; no app has registered the post_logout_redirect_uri %q",
			r.Form.Get("post_logout_redirect_uri"))
	default:
		record.Answered("signed the user out")
	}
	s.render(w, r, http.StatusOK, "signed-out", v, "")
}

// afterSignOut returns where the user goes after sign-out, with the state of the request, or
// an empty string.
func (s *STS) afterSignOut(r *http.Request) string {
	next := r.Form.Get("post_logout_redirect_uri")
	if next == "" || !s.anyAllowsRedirect(next) {
		return ""
	}
	state := r.Form.Get("state")
	if state == "" {
		return next
	}
	address, err := responseURI(next, modeQuery, url.Values{"state": {state}})
	if err != nil { // cannot happen: registered URIs are valid
		return ""
	}
	return address
}

// participation holds the apps that a user signed in to with one session (sid). At sign-out,
// each is told at its front-channel logout URL.
type participation struct {
	apps    []string // client IDs
	expires time.Time
}

// participate records that a user has signed in to an app.
func (s *STS) participate(a authentication, clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[a.Session]
	if !slices.Contains(p.apps, clientID) {
		p.apps = append(p.apps, clientID)
	}
	p.expires = s.Now().Add(sessionLife)
	s.participants[a.Session] = p
}

// logoutURLs returns the front-channel logout URLs of apps, each with the issuer and the
// session that ended (OpenID Connect Front-Channel Logout 1.0, 2).
func (s *STS) logoutURLs(r *http.Request, session string, apps []string) (all []string) {
	for _, id := range apps {
		app, ok := s.findApp(id)
		if !ok || app.LogoutURL == "" {
			continue
		}
		values := url.Values{"sid": {session}, "iss": {s.origins(r).issuer}}
		if address, err := responseURI(app.LogoutURL, modeQuery, values); err == nil {
			all = append(all, address)
		}
	}
	return all
}
