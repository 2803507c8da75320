// Package graph implements the part of Microsoft Graph with which users act on
// themselves, and apps on users: GET and PATCH of /me and /users/{id}, and the UserInfo
// endpoint of OpenID Connect. Its properties, rules and errors are those that Microsoft documents
// or that others published. Every function whose behavior is inferred says so.
package graph

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Config holds what a Graph needs. All fields but ReadLag and Admin must be set.
type Config struct {
	Directory *directory.Directory
	Signer    *token.Signer
	Now       func() time.Time
	Log       *slog.Logger
	// SetPassword sets the password of the user with an email address and ends the earlier
	// sign-ins.
	SetPassword func(email, password string) (userID string, err error)
	// Iterations is the cost of checking a password.
	Iterations int
	// ReadLag is how long reads return the old profile after a change, because
	// Graph is eventually consistent.
	ReadLag time.Duration
	// Admin serves the resources that administrators and apps manage. It reports false if it
	// does not know the resource. It may be nil.
	Admin func(http.ResponseWriter, *http.Request, odata.Caller) (bool, *odata.Error)
}

// Graph represents the service. It is an http.Handler and safe for concurrent use.
type Graph struct {
	Config
	out   odata.Responder
	mu    sync.Mutex
	stale map[string]staleProfile // by object id; guarded by mu
}

// staleProfile is the profile that reads return until a time.
type staleProfile struct {
	profile map[string]*string
	until   time.Time
}

// New returns the service.
func New(c Config) *Graph {
	return &Graph{
		Config: c,
		out:    odata.Responder{Now: c.Now, Log: c.Log},
		stale:  map[string]staleProfile{},
	}
}

// Fail sends the error response of Graph with an HTTP status. A Retry-After header must have
// been set before.
func (g *Graph) Fail(w http.ResponseWriter, r *http.Request, status int) {
	g.out.Error(w, r, odata.StatusError(status))
}

// ServeHTTP responds to one request. As in Graph, the access token is checked before
// the path and the method, and the permissions after them.
func (g *Graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, e := g.authenticate(r)
	if e == nil {
		e = g.route(w, r, c)
	}
	if e != nil {
		g.out.Error(w, r, e)
	}
}

// route calls the handler of the resource that the path names. The handler returns an
// error if it has sent no response.
func (g *Graph) route(w http.ResponseWriter, r *http.Request, c caller) *odata.Error {
	if g.Admin != nil {
		if handled, e := g.Admin(w, r, g.caller(c)); handled {
			return e
		}
	}
	t, e := parsePath(r.URL)
	if e != nil {
		return e
	}
	if !methodAllowed(t.kind, r.Method) {
		return odata.MethodNotAllowed()
	}
	switch t.kind {
	case userinfo:
		return g.userinfo(w, r, c)
	case batch:
		return g.batch(w, r, t)
	case password:
		return g.changePassword(w, r, c)
	}
	if t.kind == restricted || r.Method == http.MethodDelete {
		return odata.AccessDenied().
			Because("the tenant implements no permission for %s %s", r.Method, odata.Clean(r.URL.Path))
	}
	if !odata.AcceptsJSON(r) && !t.raw {
		return odata.NotAcceptable()
	}
	user, e := g.target(c, t, r.Method)
	if e != nil {
		return e
	}
	switch {
	case t.kind == photo:
		return noPhoto()
	case t.kind == property:
		return g.readProperty(w, r, t, user)
	case r.Method == http.MethodPatch:
		return g.update(w, r, c, user)
	}
	return g.read(w, r, t, user)
}

// methodAllowed reports whether a kind of resource has an operation with the method.
// That /me and single properties have no others, and that nothing has HEAD, is
// inferred: Microsoft documents none.
func methodAllowed(k kind, method string) bool {
	switch k {
	case wholeUser:
		return method == http.MethodGet || method == http.MethodPatch || method == http.MethodDelete
	case userinfo:
		return method == http.MethodGet || method == http.MethodPost
	case property, photo:
		return method == http.MethodGet
	case batch, password:
		return method == http.MethodPost
	}
	return method != http.MethodHead // restricted
}

// neededByApps returns the application permissions of which a request of an app needs one
// (learn.microsoft.com, "Get user" and "Update user").
func neededByApps(method string) []string {
	if method == http.MethodPatch {
		return []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	}
	return []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
}

// needed returns the permissions of which a request of a user needs one
// (learn.microsoft.com, "User default permissions in external tenants").
func needed(method string) []string {
	if method == http.MethodPatch {
		return []string{"User.ReadWrite"}
	}
	return []string{"User.Read", "User.ReadWrite"}
}
