// Package graph implements the part of Microsoft Graph with which users act on
// themselves: GET and PATCH of /me and /users/{own id}, and the UserInfo endpoint of
// OpenID Connect. Its properties, rules and errors are those that Microsoft documents
// or that others published. Every function whose behavior is inferred says so.
package graph

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Config holds what a Graph needs. All fields but ReadLag must be set.
type Config struct {
	Directory *directory.Directory
	Signer    *token.Signer
	Now       func() time.Time
	Log       *slog.Logger
	// ReadLag is how long reads return the old profile after a change, because
	// Graph is eventually consistent.
	ReadLag time.Duration
}

// Graph represents the service. It is an http.Handler and safe for concurrent use.
type Graph struct {
	Config
	mu    sync.Mutex
	stale map[string]staleProfile // by object id; guarded by mu
}

// staleProfile is the profile that reads return until a time.
type staleProfile struct {
	profile map[string]*string
	until   time.Time
}

// New returns the service.
func New(c Config) *Graph { return &Graph{Config: c, stale: map[string]staleProfile{}} }

// ServeHTTP responds to one request. As in Graph, the access token is checked before
// the path and the method, and the permissions after them.
func (g *Graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, e := g.authenticate(r)
	if e == nil {
		e = g.route(w, r, c)
	}
	if e != nil {
		g.writeError(w, r, e)
	}
}

// route calls the handler of the resource that the path names. The handler returns an
// error if it has sent no response.
func (g *Graph) route(w http.ResponseWriter, r *http.Request, c caller) *graphError {
	t, e := parsePath(r.URL)
	if e != nil {
		return e
	}
	if !methodAllowed(t.kind, r.Method) {
		return methodNotAllowed()
	}
	switch t.kind {
	case userinfo:
		return g.userinfo(w, r, c)
	case batch:
		return g.batch(w, r, t)
	}
	if t.kind == restricted || r.Method == http.MethodDelete {
		return accessDenied().because("the tenant implements no permission for %s %s", r.Method, clean(r.URL.Path))
	}
	if !acceptsJSON(r) && !t.raw {
		return notAcceptable()
	}
	user, e := g.target(c, t, needed(r.Method)...)
	if e != nil {
		return e
	}
	switch {
	case t.kind == photo:
		return noPhoto()
	case t.kind == property:
		return g.readProperty(w, r, t, user)
	case r.Method == http.MethodPatch:
		return g.update(w, r, user)
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
	case batch:
		return method == http.MethodPost
	}
	return method != http.MethodHead // restricted
}

// needed returns the permissions of which a request of a user needs one
// (learn.microsoft.com, "User default permissions in external tenants").
func needed(method string) []string {
	if method == http.MethodPatch {
		return []string{"User.ReadWrite"}
	}
	return []string{"User.Read", "User.ReadWrite"}
}
