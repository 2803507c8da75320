// Package sandbox is a Microsoft Entra External ID tenant in one value: its
// security token service, its sign-in pages, its mail box and the part of
// Microsoft Graph that a user reads and edits their own profile with. It
// behaves like the real one where it matters to a client: second factors that a
// Conditional Access policy asks for, claims challenges, On-Behalf-Of, scopes,
// AADSTS errors, eventual consistency.
//
// A Tenant is two http.Handlers, because that is how its browser pages need no
// certificate: API (discovery, tokens, keys, Graph) is to be served over https,
// as every MSAL insists, and Pages (what a person's browser opens) over plain
// http on loopback. For tests without sockets, Client answers in process. A test
// tells the tenant what happens next: FailNext, FastForward, SetPolicy,
// RotateKeys and the like; nothing is left to chance.
//
// What works here is meant to work at Entra, and what Entra refuses is meant to
// be refused here with the same bytes; where the two could differ, the sandbox
// is the stricter. Strictness increases over time: what becomes the default
// later can be had now with Config.Strict. Nothing of a sandbox is valid
// anywhere else, and it is no door: serve it on loopback only.
package sandbox

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/graph"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Store keeps a tenant's state across restarts: opaque bytes, which hold
// secrets. Save must return only once they are safe; a change is acknowledged
// after that.
type Store = directory.Store

// Config describes a tenant. The zero value is a ready one: fresh ids and keys,
// one user, the policy on, nothing kept.
type Config struct {
	// APIAddress is the origin at which API is served, as
	// https://localhost:8443. Empty, the tenant is known only under the host
	// names of the real service, through Client.
	APIAddress string
	// PagesAddress is the origin at which Pages is served, as
	// http://localhost:8442. It must be set when APIAddress is.
	PagesAddress string
	Subdomain    string        // empty is contoso
	Store        Store         // nil keeps nothing
	ReadLag      time.Duration // Graph shows the old profile for this long after a change
	Strict       bool          // refuse what becomes refused by default later: a refresh token used twice
	InvalidGrant bool          // refuse with invalid_grant where policy wants a second factor; both occur at Entra
	Clock        func() time.Time
	Log          *slog.Logger
	// QuickPasswords hashes with few rounds: for tests, whose users are not.
	QuickPasswords bool
}

// Tenant is one tenant. It is safe for concurrent use.
type Tenant struct {
	config    Config
	directory *directory.Directory
	sts       *sts.STS
	graph     *graph.Graph
	api       http.Handler
	pages     http.Handler
	facts     Facts

	mu       sync.Mutex // guards the fields below
	skew     time.Duration
	faults   []Fault
	requests []Request
}

// Facts holds the ids and addresses with which a client of the tenant is
// configured.
type Facts = control.Facts

const quickRounds = 1000

// New makes a tenant, or takes up the one that the store kept.
func New(c Config) (*Tenant, error) {
	c = c.withDefaults()
	t := &Tenant{config: c}
	var password string
	var err error
	t.directory, err = directory.Open(c.Store, func() (state directory.State, err error) {
		state, password, err = seed(c)
		return state, err
	})
	if err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	signer := &token.Signer{}
	t.directory.View(func(d *directory.State) { t.facts = facts(d, c, password) })
	t.sts = sts.New(sts.Config{
		Directory: t.directory, Signer: signer, Now: t.now, Log: c.Log,
		API: strings.TrimSuffix(t.facts.Authority, "/"+t.facts.TenantID), Pages: t.facts.Pages,
		Iterations: c.rounds(), Strict: c.Strict, InvalidGrant: c.InvalidGrant,
	})
	t.graph = graph.New(graph.Config{Directory: t.directory, Signer: signer, Now: t.now, Log: c.Log, ReadLag: c.ReadLag})
	t.api, t.pages = t.guard(t.apiRoutes()), t.guard(t.sts.Pages())
	return t, nil
}

func (c Config) withDefaults() Config {
	if c.Subdomain == "" {
		c.Subdomain = "contoso"
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) rounds() int {
	if c.QuickPasswords {
		return quickRounds
	}
	return directory.Iterations
}

// API returns the handler to be served over https at Config.APIAddress:
// discovery, keys, tokens, and Graph's /v1.0/me.
func (t *Tenant) API() http.Handler { return t.api }

// Pages returns the handler to be served over http on loopback at
// Config.PagesAddress: the pages that a browser opens.
func (t *Tenant) Pages() http.Handler { return t.pages }

// Facts returns how to reach the tenant and sign in to it.
func (t *Tenant) Facts() Facts { return t.facts }

func (t *Tenant) apiRoutes() http.Handler {
	tokens, profiles, pages := t.sts.API(), t.graph.Routes(), t.sts.Pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1.0/"):
			profiles.ServeHTTP(w, r)
		case part(r.URL.Path) == "pages" && strings.HasSuffix(r.Host, ".ciamlogin.com"):
			pages.ServeHTTP(w, r) // the real service has one host for both
		case forBrowsers(r.URL.Path) && t.config.PagesAddress != "":
			http.Redirect(w, r, t.config.PagesAddress+r.URL.RequestURI(), http.StatusTemporaryRedirect) //nolint:gosec // the host is ours
		default:
			tokens.ServeHTTP(w, r)
		}
	})
}

// forBrowsers tells paths that clients make from the authority's address by
// themselves, without asking discovery.
func forBrowsers(path string) bool {
	return strings.HasSuffix(path, "/oauth2/v2.0/authorize") || strings.HasSuffix(path, "/oauth2/v2.0/logout") || path == "/common/oauth2/deviceauth"
}

// now is the tenant's clock, which FastForward moves.
func (t *Tenant) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.config.Clock().Add(t.skew)
}
