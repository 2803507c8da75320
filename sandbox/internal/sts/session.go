package sts

import (
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"time"
)

const (
	sessionCookie = "sbx_session"
	browserCookie = "sbx_browser"
	sessionLife   = 24 * time.Hour
)

// session is who is signed in at the tenant with a browser, the last one first:
// what makes the next sign-in ask for no password.
type session struct {
	accounts []Facts
	expires  time.Time
}

const mostAccounts = 10 // of one browser

// cookieName keeps tenants on one machine apart: cookies know no ports
// (RFC 6265, 8.5).
func (s *STS) cookieName(r *http.Request, name string) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return name + "_" + port
	}
	return name
}

func (s *STS) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that only we read. Secure is left out: the pages are
// served over http on loopback, where not every browser keeps such a cookie.
func (s *STS) setCookie(w http.ResponseWriter, r *http.Request, name, value string) {
	age := 0
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(r, name), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: age,
	})
}

// signedIn returns what the browser's accounts have proved, the last one first.
func (s *STS) signedIn(r *http.Request) []Facts {
	s.mu.Lock()
	one, ok := s.sessions[s.cookie(r, sessionCookie)]
	s.mu.Unlock()
	if !ok || s.Now().After(one.expires) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(one.accounts), func(f Facts) bool {
		user, _, known := s.find(f.User, "")
		return !known || f.At.Before(user.NotBefore)
	})
}

// remember keeps what the person proved, under a new id each time: an id that
// somebody planted before is worth nothing.
func (s *STS) remember(w http.ResponseWriter, r *http.Request, f Facts) {
	others := slices.DeleteFunc(s.signedIn(r), func(known Facts) bool { return known.User == f.User })
	accounts := append([]Facts{f}, others...)
	id := rand.Text()
	s.mu.Lock()
	delete(s.sessions, s.cookie(r, sessionCookie))
	s.sessions[id] = session{accounts: accounts[:min(len(accounts), mostAccounts)], expires: s.Now().Add(sessionLife)}
	s.mu.Unlock()
	s.setCookie(w, r, sessionCookie, id)
}

// forget ends the browser's session.
func (s *STS) forget(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.sessions, s.cookie(r, sessionCookie))
	s.mu.Unlock()
	s.setCookie(w, r, sessionCookie, "")
}

// logout ends the session and goes back only to an address that some app has
// registered.
func (s *STS) logout(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.errorPage(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	s.forget(w, r)
	next := r.URL.Query().Get("post_logout_redirect_uri")
	if next == "" {
		s.message(w, r, "You are signed out", "It is a good idea to close all browser windows.")
		return
	}
	if !s.anyRegistered(next) {
		s.errorPage(w, r, no(50068))
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}
