// Package console serves the developer page of a tenant: its users, apps, policies,
// custom attributes, mail, clock, faults and audit, as pages that work without scripts.
//
// The page is a client of the control API and adds no operation to it. A one-time
// link opens it; the link is exchanged for a session cookie. Every form carries the
// CSRF token of the session. Without the cookie, nothing of the tenant is shown.
package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

// Path is the path under which the console serves its pages.
const Path = "/sandbox/"

// Config configures a Console. All fields must be set.
type Config struct {
	Control *control.Client  // of the tenant
	Origin  func() string    // of the pages, such as http://localhost:8442
	Now     func() time.Time // the real time, not the tenant's
}

// Console is the developer page of one tenant. It is safe for concurrent use.
type Console struct {
	Config
	sessions *sessions
	routes   http.Handler
}

// New returns the developer page of a tenant.
func New(c Config) *Console {
	console := &Console{Config: c, sessions: newSessions(c.Now)}
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		console.refuse(w, http.StatusForbidden, "This form was sent by another site",
			"Nothing was changed. Open the developer page and use the form there.")
	}))
	console.routes = protection.Handler(console.mux())
	return console
}

// NewLink returns a link that opens the developer page once, within an hour.
func (c *Console) NewLink() string { return c.Origin() + Path + "open?link=" + c.sessions.newLink() }

// ServeHTTP serves the pages under Path. The caller must reject foreign Host headers.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	c.routes.ServeHTTP(w, r)
}

func (c *Console) mux() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /sandbox/open", c.open)
	m.HandleFunc("GET /sandbox/style.css", serveStyle)
	show := func(path string, s screen) { m.HandleFunc("GET "+path, c.show(s)) }
	act := func(path string, s screen, a action) { m.HandleFunc("POST "+path, c.act(s, a)) }
	show("/sandbox/{$}", c.overviewScreen())
	act("/sandbox/sign-out", c.overviewScreen(), nil)
	show("/sandbox/audit", c.auditScreen())
	show("/sandbox/mail", c.mailScreen())
	c.userRoutes(show, act)
	c.appRoutes(show, act)
	c.policyRoutes(show, act)
	c.attributeRoutes(show, act)
	c.toolRoutes(show, act)
	m.HandleFunc("/sandbox/", func(w http.ResponseWriter, _ *http.Request) {
		c.refuse(w, http.StatusNotFound, "There is no such page", "The developer page has no page at this address.")
	})
	return m
}

// routeFuncs register the pages and the forms of a part of the console.
type (
	showFunc func(path string, s screen)
	actFunc  func(path string, s screen, a action)
)

// fields returns the values of a form field with one value a line, or several
// separated by spaces.
func fields(r *http.Request, name string) []string { return strings.Fields(r.PostForm.Get(name)) }
