// Package session holds the sessions of commands that act for a user: the settings of a tenant
// become the clients of its APIs, and the account, the tokens and the step-up that they need.
package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Session holds the settings and clients of a command that talks to a tenant. A
// command opens one session. This is the only place that connects the settings
// with the packages that need them.
type Session struct {
	Env       command.Env
	Globals   *command.Globals
	Tenant    string // its configured name
	Settings  config.Settings
	Paths     config.Paths
	Authority authority.Authority
	Store     *tokenstore.Store
	Auth      *auth.Client
	Graph     *graph.Client
	MidTier   *midtier.Client
	Printer   output.Printer
	Facts     terminal.Capabilities
	Progress  *command.Progress

	SignInOptions SignInOptions
}

// Options are per-command overrides.
type Options struct {
	SignIn    SignInOptions
	Discovery Discovery
	NewSignIn bool // the tokens of an earlier sign-in are not used
}

// Open opens a session. If the tenant's endpoints are not known, it returns
// a session that can only print, with a fault that wraps ErrNotDiscovered.
func Open(ctx context.Context, env command.Env, g *command.Globals, o Options) (*Session, error) {
	s := &Session{Env: env, Globals: g, Facts: g.Facts(env), SignInOptions: o.SignIn}
	var err error
	if s.Progress, err = command.NewProgress(env.Stderr, g.Progress, s.Facts); err != nil {
		return nil, err
	}
	if s.Printer, err = command.NewPrinter(env, g); err != nil {
		return nil, err
	}
	if s.Paths, err = config.LocatePaths(env.GOOS, env.Getenv); err != nil {
		return nil, err
	}
	if s.Tenant, s.Settings, err = g.Settings(env, s.Paths); err != nil {
		return nil, err
	}
	httpClient, err := upstream.New(upstream.Config{
		CAFile:    s.Settings.Text("ca-file"),
		Timeout:   g.Timeout,
		UserAgent: command.UserAgent(),
		Log:       g.RequestLog(env),
	})
	if err != nil {
		return nil, err
	}
	done := s.Progress.Step("discover", "Looking up the tenant's endpoints")
	s.Authority, err = discover(ctx, httpClient, s.Settings.Text("authority"), s.Paths.State, o.Discovery)
	done()
	if errors.Is(err, ErrNotDiscovered) {
		return s, s.notSignedIn(err)
	}
	if err != nil {
		return nil, err
	}
	if s.Store, err = s.OpenStore(o.NewSignIn); err != nil {
		return nil, err
	}
	return s, s.Connect(httpClient)
}

// OpenAccount opens a session and returns the account that the command acts for.
func OpenAccount(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	o Options,
) (*Session, auth.Account, error) {
	s, err := Open(ctx, env, g, o)
	if err != nil {
		return nil, auth.Account{}, err
	}
	account, err := s.Account(ctx)
	return s, account, err
}

// Connect makes the clients.
func (s *Session) Connect(httpClient *http.Client) error {
	port := s.SignInOptions.RedirectPort
	if port == 0 {
		port = s.Settings.Int("redirect-port")
	}
	var err error
	s.Auth, err = auth.New(auth.Config{
		Authority:    s.Authority,
		ClientID:     s.Settings.Text("client-id"),
		Store:        s.Store,
		HTTP:         httpClient,
		Open:         s.Opener(),
		OnHTTPS:      s.ExplainHTTPS,
		RedirectPort: port,
		Wait:         s.Globals.Wait,
		Log:          s.Globals.Log(s.Env),
	})
	s.Graph = &graph.Client{Base: s.Settings.Text("graph"), HTTP: httpClient}
	s.MidTier = &midtier.Client{URL: s.Settings.Text("mid-tier"), HTTP: httpClient}
	return err
}

// Account returns the account that the command acts for: the one that --account
// names, the active one, or the only one.
func (s *Session) Account(ctx context.Context) (auth.Account, error) {
	known, err := s.Auth.Accounts(ctx)
	if err != nil {
		return auth.Account{}, err
	}
	if len(known) == 0 {
		return auth.Account{}, s.notSignedIn(nil)
	}
	wanted := s.Settings.Text("account")
	if wanted == "" && len(known) == 1 {
		return known[0], nil
	}
	if found, ok := FindAccount(known, wanted); ok {
		return found, nil
	}
	what := "several accounts are signed in"
	if wanted != "" {
		what = NotChosen(known, wanted)
	}
	return auth.Account{}, &fault.Error{
		Kind: fault.SignIn,
		What: what,
		Fix: "choose one with --account: " + Choices(known) +
			"; or sign in with `" + s.Command("profilectl login") + "`",
	}
}

// notSignedIn is the fault of a command that needs an account.
func (s *Session) notSignedIn(err error) error {
	return &fault.Error{
		Kind: fault.SignIn,
		What: "no account is signed in to " + s.Tenant,
		Next: fault.DoSignIn,
		Err:  err,
	}
}

// NeedsUser is the fault of a command that needs the user but may not prompt. It
// suggests the command that may.
func (s *Session) NeedsUser(kind fault.Kind, what, suggested string) error {
	return &fault.Error{
		Kind: kind,
		What: what,
		Fix:  "run `" + s.Command(suggested) + "` in a terminal, then this command again",
	}
}

// Command completes a suggested command for this run.
func (s *Session) Command(line string) string { return s.Globals.Command(line) }

// WarnNotRemembered warns that the work of a command is done, but that the
// configuration could not be changed to match.
func (s *Session) WarnNotRemembered(what string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	s.Progress.Warn("%s: %s\n  fix: %s", what, f.What, s.Globals.Fix(f))
	return nil
}

// Usernames returns the list of usernames that completion proposes for the tenant.
func (s *Session) Usernames() accountList {
	return newAccountList(s.Paths.State, s.Tenant, s.Settings)
}

// updateTenant changes the configuration of the tenant, unless the environment
// describes it.
func (s *Session) updateTenant(ctx context.Context, change func(*config.File) error) error {
	if s.Tenant == config.FromEnvironment {
		return nil
	}
	if err := config.Update(ctx, s.Globals.ConfigFile(s.Paths), change); err != nil {
		return fmt.Errorf("remember account: %w", err)
	}
	return nil
}
