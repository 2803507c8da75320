// Package sandbox runs a Microsoft Entra External ID tenant inside a Go program: the
// security token service, the sign-in pages, a mailbox, and the part of Microsoft Graph
// with which users edit their own profile and administrators set a tenant up. It has the
// second factors of Conditional Access policies, claims challenges, On-Behalf-Of, scopes,
// AADSTS errors and the eventual consistency of the real service.
//
// Most tests should begin with package sandboxtest, which also listens on loopback and
// runs the mid-tier. Use this package to serve a tenant in your own way.
//
// # Serving a tenant
//
// [Tenant.API] has discovery, tokens, keys and Graph. It must be served over https, which
// every MSAL requires. [Tenant.Pages] has what a browser opens. It is served over http on
// loopback, so that the browser needs no certificate. If both have the same address, API
// serves the pages too. [Tenant.Client] calls both without sockets.
//
// # Controlling a tenant
//
// Nothing fails or expires at random. A test decides what happens next: [Tenant.FailNext]
// makes a request fail, [Tenant.FastForward] moves the clock, [Tenant.SetPolicy] switches
// the second factor, and [Tenant.Mail] returns the one-time codes. [Tenant.Audit] explains
// each decision. Another process does the same through [Tenant.Control].
//
// # Limits
//
// A client that works with the sandbox should work with Entra, and a request that Entra
// rejects should be rejected by the sandbox with the same error.
// docs/reference/sandbox.md lists what is supported, and docs/explanation/fidelity.md what
// is inferred instead of documented. Keys, tokens and passwords of a sandbox are valid
// nowhere else and protect nothing: serve it on loopback only.
package sandbox

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/console"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/graph"
	"github.com/profilectl/profilectl/sandbox/internal/graphadmin"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Store keeps a tenant's state across restarts: opaque bytes, which contain
// secrets. Load returns nil if nothing was saved yet. Save must return only once
// the bytes are durable, because the tenant acknowledges a change after that.
type Store = directory.Store

// Config describes a tenant. The zero value describes one that is ready to use:
// new ids and keys, one user, the policy on, and no store.
type Config struct {
	// APIAddress is the origin at which API is served, such as
	// https://localhost:8443. If it is empty, the tenant is known only under the
	// host names of the real service, and only Client reaches it.
	APIAddress string
	// PagesAddress is the origin at which Pages is served, such as
	// http://localhost:8442. It must be set if APIAddress is. If it is the same
	// address, API serves the pages over https.
	PagesAddress string
	// ControlAddress is the origin at which Control is served. The default is
	// PagesAddress.
	ControlAddress string
	// Subdomain of the tenant's domain, {subdomain}.onmicrosoft.com. The default
	// is contoso.
	Subdomain string
	// Store keeps the tenant. If it is nil, the tenant ends with the process.
	Store Store
	// Seed is a YAML file with users, apps and policies (docs/reference/sandbox.md). New adds
	// what the tenant does not have. A new tenant becomes the one that the file
	// describes, if it was exported. A mistake in the file is a *control.FileError.
	Seed []byte
	// Attributes are custom attributes of users. New adds those that the tenant does not have,
	// and changes how sign-up pages ask for the others. If there are any, the tenant also has
	// an app that may change them, which Facts names. An attribute that the tenant cannot have
	// is a *control.FileError, whose Field is the name of its property.
	Attributes []control.Attribute
	// Empty makes a new tenant one without apps, users, policies and user flows, but with
	// an administrator, who signs in to set it up through Graph. It has no effect on a
	// tenant that the store holds.
	Empty bool
	// AdminRoles are the names or template ids of the directory roles of a new
	// administrator. The default is Global Administrator.
	AdminRoles []string
	// ReplicationLag is how long Graph does not find a new object.
	ReplicationLag time.Duration
	// ReadLag is how long Graph returns the old profile after a change.
	ReadLag time.Duration
	// Strict rejects the second use of a refresh token, which Entra accepts. It finds
	// clients that keep an old token.
	Strict bool
	// Limits enforces the request limits of an external tenant by the tenant's clock: 20
	// requests a second from one address, and 200 in all. A sign-in costs 4, a sign-up 6,
	// a password reset 4, a one-time code 2, and any other request 1. Graph has no limit.
	Limits bool
	// InvalidGrant reports a missing second factor as invalid_grant instead of
	// interaction_required. Entra sends both.
	InvalidGrant bool
	// Clock returns the tenant's time before FastForward moves it. The default is
	// time.Now.
	Clock func() time.Time
	// Log receives what the tenant does. The default discards it.
	Log *slog.Logger
	// QuickPasswords hashes passwords with few iterations. It is meant for tests,
	// whose passwords protect nothing.
	QuickPasswords bool
}

// quickIterations is the cost of a password hash with Config.QuickPasswords.
const quickIterations = 1000

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

func (c Config) iterations() int {
	if c.QuickPasswords {
		return quickIterations
	}
	return directory.Iterations
}

// Tenant represents one tenant. It is safe for concurrent use.
type Tenant struct {
	config    Config
	directory *directory.Directory
	sts       *sts.STS
	signer    *token.Signer
	graph     *graph.Graph
	api       http.Handler
	pages     http.Handler
	audit     *audit.Log
	console   *console.Console

	mu       sync.Mutex // guards the fields below
	clock    clock
	faults   []Fault
	facts    Facts // without client secrets, which the directory has
	requests []Request
}

// New returns the tenant that the store holds, or a new one if the store holds
// none.
func New(c Config) (*Tenant, error) {
	c = c.withDefaults()
	t := &Tenant{config: c, audit: audit.NewLog()}
	password, err := t.open()
	if err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	if err := t.addConfigured(); err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	var o origins
	t.directory.View(func(d *directory.State) {
		o = c.origins(d.TenantID)
		t.facts = withPassword(newFacts(d, o), password)
	})
	t.console = newConsole(t)
	signer := &token.Signer{}
	t.signer = signer
	t.sts = sts.New(sts.Config{
		Directory:    t.directory,
		Signer:       signer,
		Now:          t.now,
		Log:          c.Log,
		API:          o.api,
		Pages:        o.pages,
		Iterations:   c.iterations(),
		Strict:       c.Strict,
		Limits:       c.Limits,
		InvalidGrant: c.InvalidGrant,
		NewPassword:  t.rememberPassword,
	})
	admin := graphadmin.New(graphadmin.Config{
		Directory: t.directory,
		Now:       t.now,
		Log:       c.Log,
		Lag:       c.ReplicationLag,
	})
	t.graph = graph.New(graph.Config{
		Admin:       admin.Serve,
		Directory:   t.directory,
		Signer:      signer,
		Now:         t.now,
		Log:         c.Log,
		ReadLag:     c.ReadLag,
		SetPassword: t.sts.ChangePassword,
		Iterations:  c.iterations(),
	})
	t.pages = t.withConsole(t.guard(t.sts.Pages()))
	t.api = t.withConsole(t.shareAcrossOrigins(t.guard(t.route(t.sts.API(), t.graph, t.sts.Pages()))))
	return t, nil
}

// open opens the directory and plants the seed. A new tenant is stored with it, so
// that no tenant without it is left if the process ends. It returns the password of
// a new tenant's user.
func (t *Tenant) open() (password string, err error) {
	created := false
	t.directory, err = directory.Open(t.config.Store, func() (state directory.State, err error) {
		created = true
		if state, password, err = seed(t.config); err != nil || t.config.Seed == nil {
			return state, err
		}
		p, err := t.plan(t.config.Seed, &state)
		switch {
		case err != nil:
			return state, err
		case p.whole():
			password = ""
			return state, p.replace(&state)
		}
		return state, p.addTo(&state)
	})
	if err != nil || created || t.config.Seed == nil {
		return password, err
	}
	return "", t.Seed(t.config.Seed)
}

// API returns the handler to serve over https at Config.APIAddress: discovery,
// keys, tokens, Graph's /v1.0/me, and /oidc/userinfo.
func (t *Tenant) API() http.Handler { return t.api }

// Pages returns the handler to serve over http on loopback at
// Config.PagesAddress: the pages that a browser opens, and the developer page.
func (t *Tenant) Pages() http.Handler { return t.pages }
