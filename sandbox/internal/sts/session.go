package sts

import (
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/token"
)

const (
	sessionCookie = "sbx_session"
	browserCookie = "sbx_browser"
	sessionLife   = 24 * time.Hour
	maxAccounts   = 10 // in one session
)

// session holds the accounts that are signed in with one browser, the most recent first.
// Their next sign-in needs no password.
type session struct {
	accounts []authentication
	expires  time.Time
}

// cookieName returns a cookie name that contains the port. Cookies ignore ports (RFC 6265,
// 8.5), so tenants on one machine would otherwise overwrite each other's cookies.
func cookieName(r *http.Request, name string) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return name + "_" + port
	}
	return name
}

func readCookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that scripts cannot read, or deletes it if the value is empty.
// Secure is set only if the pages are served over https: not every browser stores a Secure
// cookie for http on loopback.
func (s *STS) setCookie(w http.ResponseWriter, r *http.Request, name, value string) {
	age := 0
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure if the pages are served over https
		Name:     cookieName(r, name),
		Value:    value,
		Path:     "/",
		HttpOnly: true,
		Secure:   strings.HasPrefix(s.origins(r).pages, "https://"),
		SameSite: http.SameSiteLaxMode,
		MaxAge:   age,
	})
}

// signedIn returns the accounts that are signed in with the browser, the most recent first.
func (s *STS) signedIn(r *http.Request) []authentication {
	s.mu.Lock()
	current, ok := s.sessions[readCookie(r, sessionCookie)]
	s.mu.Unlock()
	if !ok || s.Now().After(current.expires) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(current.accounts), func(a authentication) bool {
		user, known := s.findUser(a.UserID)
		return !known || user.Revoked(a.At, false)
	})
}

// remember adds an account to the browser's session. The session gets a new ID each time,
// so that a session cookie that an attacker planted before the sign-in is useless.
func (s *STS) remember(w http.ResponseWriter, r *http.Request, a authentication) {
	sameUser := func(other authentication) bool { return other.UserID == a.UserID }
	others := slices.DeleteFunc(s.signedIn(r), sameUser)
	accounts := append([]authentication{a}, others...)
	accounts = accounts[:min(len(accounts), maxAccounts)]
	id := rand.Text()
	s.mu.Lock()
	delete(s.sessions, readCookie(r, sessionCookie))
	s.sessions[id] = session{accounts: accounts, expires: s.Now().Add(sessionLife)}
	s.mu.Unlock()
	s.setCookie(w, r, sessionCookie, id)
}

// loginHint returns the value of the login_hint claim: an opaque name of a user, for the
// login_hint and logout_hint parameters.
func loginHint(sealKey []byte, userID string) string {
	return "O." + token.Pairwise(sealKey, userID, "login_hint")
}

// forget ends the browser's session.
func (s *STS) forget(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.sessions, readCookie(r, sessionCookie))
	s.mu.Unlock()
	s.setCookie(w, r, sessionCookie, "")
}
