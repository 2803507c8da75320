// Package graphadmin implements the part of Microsoft Graph v1.0 with which administrators
// set a tenant up: applications, service principals, consent, Conditional Access, the
// authentication method email, and user flows. The objects are those of the directory, so
// that what is created here is what the token service uses. Names, rules and errors are
// those that Microsoft documents or that others published; docs/explanation/fidelity.md lists what is
// inferred.
package graphadmin

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const metadata = "https://graph.microsoft.com/v1.0/$metadata#"

// Config holds what an Admin needs. All fields but Lag must be set.
type Config struct {
	Directory *directory.Directory
	Now       func() time.Time
	Log       *slog.Logger
	// Lag is how long a new object cannot be found, because the directory is replicated.
	Lag time.Duration
}

// Admin represents the administration of a tenant. It is safe for concurrent use.
type Admin struct {
	Config
	out    odata.Responder
	routes *http.ServeMux
	mu     sync.Mutex
	fresh  map[string]time.Time // when an object can be found, by its id; guarded by mu
}

// New returns the administration of the tenant in the directory.
func New(c Config) *Admin {
	a := &Admin{Config: c, out: odata.Responder{Now: c.Now, Log: c.Log}, fresh: map[string]time.Time{}}
	a.routes = a.newRoutes()
	return a
}

// Serve responds to a request of an administrator or of an app. It reports false if the
// caller is a customer, or if it does not know the resource. It returns an error if it has
// sent no response.
func (a *Admin) Serve(w http.ResponseWriter, r *http.Request, c odata.Caller) (bool, *odata.Error) {
	path, ok := cutVersion(r.URL.Path)
	if !ok || !a.isPrivileged(c) {
		return false, nil
	}
	routed := r.Clone(r.Context())
	routed.URL.Path, routed.URL.RawPath = canonical(path), ""
	if _, pattern := a.routes.Handler(routed); pattern == "" {
		return false, nil
	}
	answer := &answer{caller: c, original: r}
	a.routes.ServeHTTP(discard{}, routed.WithContext(withAnswer(r.Context(), answer)))
	if !answer.reached { // the path was not clean, such as a//b
		return false, nil
	}
	if answer.err != nil {
		return true, answer.err
	}
	a.send(w, r, answer)
	return true, nil
}

func (a *Admin) send(w http.ResponseWriter, r *http.Request, answer *answer) {
	audit.From(r.Context()).Answered("%s", answer.what)
	if answer.body == nil {
		a.out.Nothing(w, r)
		return
	}
	a.out.Entity(w, r, answer.status, answer.body)
}

// isPrivileged reports whether a caller can have access to more than their own profile: an
// account of the organization, or an app that acts for itself. Customers cannot
// (learn.microsoft.com, "User default permissions in external tenants").
func (a *Admin) isPrivileged(c odata.Caller) (privileged bool) {
	a.Directory.View(func(d *directory.State) {
		user, known := d.UserByID(c.ID)
		privileged = c.AppOnly || known && user.Work
	})
	return privileged
}

func cutVersion(path string) (string, bool) {
	const version = "/v1.0/"
	if len(path) <= len(version) || !strings.EqualFold(path[:len(version)], version) {
		return "", false
	}
	return path[len(version)-1:], true
}

// canonical returns a path with the spelling of the routes: names ignore case, and a key in
// parentheses is a segment of its own.
func canonical(path string) string {
	var segments []string
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, key, hasKey := strings.Cut(segment, "(")
		segments = append(segments, spelling(name))
		if key, closed := strings.CutSuffix(key, ")"); hasKey && closed && key != "" {
			segments = append(segments, strings.Trim(key, "'"))
		}
	}
	return "/" + strings.Join(segments, "/")
}

func spelling(name string) string {
	for _, known := range segmentNames() {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

// isFresh reports whether an object is too new to be found.
func (a *Admin) isFresh(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	visible, ok := a.fresh[id]
	if ok && !a.Now().Before(visible) {
		delete(a.fresh, id)
		ok = false
	}
	return ok
}

// created remembers that an object is new.
func (a *Admin) created(id string) {
	if a.Lag <= 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fresh[id] = a.Now().Add(a.Lag)
}
