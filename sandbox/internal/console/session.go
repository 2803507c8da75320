package console

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	linkLife    = time.Hour
	sessionLife = 12 * time.Hour
)

// notice reports a success on the next page, once. Its values, such as a new
// password, are shown nowhere else.
type notice struct {
	Text   string
	Values []value
}

// value is a value with its name.
type value struct{ Name, Value string }

// session is a browser that opened a link.
type session struct {
	csrf    string
	expires time.Time
	notice  notice
}

// sessions holds the links that were not used yet, and the sessions. All are lost
// when the sandbox stops.
type sessions struct {
	now   func() time.Time
	mu    sync.Mutex           // guards the fields below
	links map[string]time.Time // when they expire
	open  map[string]*session  // by cookie
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, links: map[string]time.Time{}, open: map[string]*session{}}
}

// newLink returns the secret of a new link.
func (s *sessions) newLink() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	link := rand.Text()
	s.links[link] = s.now().Add(linkLife)
	return link
}

// redeem exchanges a link for the cookie of a new session. A link works once.
func (s *sessions) redeem(link string) (cookie string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	if _, ok = s.links[link]; !ok {
		return "", false
	}
	delete(s.links, link)
	cookie = rand.Text()
	s.open[cookie] = &session{csrf: rand.Text(), expires: s.now().Add(sessionLife)}
	return cookie, true
}

// csrf returns the CSRF token of the session with the cookie.
func (s *sessions) csrf(cookie string) (token string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	found, ok := s.open[cookie]
	if !ok {
		return "", false
	}
	return found.csrf, true
}

// end ends the session with the cookie.
func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, cookie)
}

// setNotice keeps a notice for the next page of the session.
func (s *sessions) setNotice(cookie string, n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.open[cookie]; ok {
		found.notice = n
	}
}

// takeNotice returns the notice for the next page, and forgets it.
func (s *sessions) takeNotice(cookie string) (n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.open[cookie]; ok {
		n, found.notice = found.notice, notice{}
	}
	return n
}

// sweep deletes what has expired. The caller must hold s.mu.
func (s *sessions) sweep() {
	now := s.now()
	for link, expires := range s.links {
		if now.After(expires) {
			delete(s.links, link)
		}
	}
	for cookie, found := range s.open {
		if now.After(found.expires) {
			delete(s.open, cookie)
		}
	}
}

// cookieName contains the port, because cookies ignore ports (RFC 6265, 8.5):
// sandboxes on one machine would otherwise overwrite each other's cookies.
func cookieName(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return "sbx_console_" + port
	}
	return "sbx_console"
}

func readCookie(r *http.Request) string {
	found, err := r.Cookie(cookieName(r))
	if err != nil {
		return ""
	}
	return found.Value
}

// setCookie sets the session's cookie, or deletes it if the value is empty. Secure is
// set only if the pages are served over https: not every browser stores a Secure
// cookie of http on loopback.
func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, value string) {
	age := 0
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure if the pages are served over https
		Name:     cookieName(r),
		Value:    value,
		Path:     Path,
		HttpOnly: true,
		Secure:   strings.HasPrefix(c.Origin(), "https://"),
		SameSite: http.SameSiteStrictMode,
		MaxAge:   age,
	})
}

// validCSRF reports whether the form carries the CSRF token of its session.
func validCSRF(r *http.Request, token string) bool {
	return subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(token)) == 1
}
