// Package graph implements the part of Microsoft Graph with which users act on
// themselves: GET and PATCH of /v1.0/me. Its properties, rules and errors are the
// documented ones of the real service.
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

// Graph represents the service. It is safe for concurrent use.
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

// Routes returns the handler of the service.
func (g *Graph) Routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /v1.0/me", g.read)
	m.HandleFunc("PATCH /v1.0/me", g.update)
	m.HandleFunc("/v1.0/", func(w http.ResponseWriter, r *http.Request) {
		g.writeError(w, r, &graphError{
			status:  http.StatusNotFound,
			code:    "ResourceNotFound",
			message: "Resource not found for the segment.",
		})
	})
	return m
}
