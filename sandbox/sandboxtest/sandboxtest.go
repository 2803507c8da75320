// Package sandboxtest starts a sandbox for a test: a Microsoft Entra External ID
// tenant with its sign-in pages, its mailbox and Microsoft Graph, and a mid-tier that
// edits profiles on behalf of the user. They listen on loopback.
//
//	func TestSignIn(t *testing.T) {
//		s := sandboxtest.Start(t)
//		app := startYourApp(t, s.Authority, s.ClientID, s.Client)
//		page, err := s.NewBrowser(t).Open(t.Context(), app.SignInURL())
//		…
//	}
//
// docs/how-to/test-from-go.md shows a complete test.
package sandboxtest

import (
	"cmp"
	"net/http"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// Sandbox is a running tenant with its mid-tier. It is safe for concurrent use.
type Sandbox struct {
	// Facts holds the ids and addresses of the tenant, and its user.
	sandbox.Facts
	// Tenant decides what happens next: it adds users and apps, moves the clock, and
	// makes requests fail.
	Tenant *sandbox.Tenant
	// MidTier is the address of the mid-tier.
	MidTier string
	// CAFile is a PEM file with the CA of the tenant's certificate.
	CAFile string
	// Client trusts the tenant's certificate, and no other.
	Client *http.Client

	control *control.Client
}

// Option changes how Start starts the sandbox. The zero Option changes nothing.
type Option struct{ apply func(*playground.Options) }

// WithHTTPS serves the sign-in pages over https, at the address of the API.
func WithHTTPS() Option { return Option{func(o *playground.Options) { o.HTTPS = true }} }

// WithSeed adds the users, apps and policies of a YAML file (docs/reference/sandbox.md).
func WithSeed(file string) Option { return Option{func(o *playground.Options) { o.Seed = file }} }

// WithEmptyTenant starts a tenant without apps, users, policies and user flows, and without
// a mid-tier. Facts.Admin and Facts.AdminPassword sign its administrator in, who has the
// directory roles, or is Global Administrator if there are none.
func WithEmptyTenant(roles ...string) Option {
	return Option{func(o *playground.Options) { o.Empty, o.AdminRoles = true, roles }}
}

// WithReplicationLag makes Graph find new objects only after the lag.
func WithReplicationLag(lag time.Duration) Option {
	return Option{func(o *playground.Options) { o.ReplicationLag = lag }}
}

// Start starts a sandbox that has its own tenant and ports, so tests with one can run
// in parallel. It stops when the test ends, and leaves nothing behind. If it cannot
// start, the test fails.
func Start(t testing.TB, options ...Option) *Sandbox {
	t.Helper()
	o := playground.Options{QuickPasswords: true}
	for _, option := range options {
		if option.apply != nil {
			option.apply(&o)
		}
	}
	p, err := playground.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("start the sandbox: %v", err)
	}
	client := &http.Client{Transport: p.Transport}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		p.Close()
	})
	return &Sandbox{
		Facts:   p.Facts,
		Tenant:  p.Tenant,
		MidTier: p.MidTier,
		CAFile:  p.CAFile,
		Client:  client,
		control: &control.Client{URL: p.ControlURL, Key: p.ControlKey, HTTP: client},
	}
}

// Control returns a client of the tenant's control API, which manages users, apps and
// policies, and reads the mailbox.
func (s *Sandbox) Control() *control.Client { return s.control }

// NewBrowser returns a browser without cookies, in which the tenant's user signs in, or the
// administrator of an empty tenant. Its Open completes the sign-in pages and follows the
// redirect to the application.
func (s *Sandbox) NewBrowser(t testing.TB) *robot.Browser {
	t.Helper()
	browser, err := robot.New(robot.User{
		Email:    cmp.Or(s.User, s.Admin),
		Password: cmp.Or(s.Password, s.AdminPassword),
		Code:     robot.Mailbox(s.Mailbox, s.Client.Transport),
	}, s.Client.Transport)
	if err != nil {
		t.Fatal(err)
	}
	return browser
}
