package cli

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

// session holds the settings and clients of a command that talks to a tenant. A
// command opens one session. This is the only place that connects the settings
// with the packages that need them.
type session struct {
	env       command.Env
	globals   *command.Globals
	tenant    string // its configured name
	settings  config.Settings
	paths     config.Paths
	authority authority.Authority
	store     *tokenstore.Store
	auth      *auth.Client
	graph     *graph.Client
	midtier   *midtier.Client
	printer   output.Printer
	facts     terminal.Capabilities
	progress  *command.Progress

	signInOptions signInOptions
}

// sessionOptions are per-command overrides.
type sessionOptions struct {
	SignIn    signInOptions
	Discovery discovery
	NewSignIn bool // the tokens of an earlier sign-in are not used
}

// openSession opens a session. If the tenant's endpoints are not known, it returns
// a session that can only print, with a fault that wraps errNotDiscovered.
func openSession(ctx context.Context, env command.Env, g *command.Globals, o sessionOptions) (*session, error) {
	s := &session{env: env, globals: g, facts: g.Facts(env), signInOptions: o.SignIn}
	var err error
	if s.progress, err = command.NewProgress(env.Stderr, g.Progress, s.facts); err != nil {
		return nil, err
	}
	if s.printer, err = command.NewPrinter(env, g); err != nil {
		return nil, err
	}
	if s.paths, err = config.LocatePaths(env.GOOS, env.Getenv); err != nil {
		return nil, err
	}
	if s.tenant, s.settings, err = g.Settings(env, s.paths); err != nil {
		return nil, err
	}
	httpClient, err := upstream.New(upstream.Config{
		CAFile:    s.settings.Text("ca-file"),
		Timeout:   g.Timeout,
		UserAgent: command.UserAgent(),
		Log:       g.RequestLog(env),
	})
	if err != nil {
		return nil, err
	}
	done := s.progress.Step("discover", "Looking up the tenant's endpoints")
	s.authority, err = discover(ctx, httpClient, s.settings.Text("authority"), s.paths.State, o.Discovery)
	done()
	if errors.Is(err, errNotDiscovered) {
		return s, s.notSignedIn(err)
	}
	if err != nil {
		return nil, err
	}
	if s.store, err = s.openStore(o.NewSignIn); err != nil {
		return nil, err
	}
	return s, s.connect(httpClient)
}

// openAccount opens a session and returns the account that the command acts for.
func openAccount(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	o sessionOptions,
) (*session, auth.Account, error) {
	s, err := openSession(ctx, env, g, o)
	if err != nil {
		return nil, auth.Account{}, err
	}
	account, err := s.account(ctx)
	return s, account, err
}

// connect makes the clients.
func (s *session) connect(httpClient *http.Client) error {
	port := s.signInOptions.RedirectPort
	if port == 0 {
		port = s.settings.Int("redirect-port")
	}
	var err error
	s.auth, err = auth.New(auth.Config{
		Authority:    s.authority,
		ClientID:     s.settings.Text("client-id"),
		Store:        s.store,
		HTTP:         httpClient,
		Open:         s.opener(),
		OnHTTPS:      s.explainHTTPS,
		RedirectPort: port,
		Wait:         s.globals.Wait,
		Log:          s.globals.Log(s.env),
	})
	s.graph = &graph.Client{Base: s.settings.Text("graph"), HTTP: httpClient}
	s.midtier = &midtier.Client{URL: s.settings.Text("mid-tier"), HTTP: httpClient}
	return err
}

// account returns the account that the command acts for: the one that --account
// names, the active one, or the only one.
func (s *session) account(ctx context.Context) (auth.Account, error) {
	known, err := s.auth.Accounts(ctx)
	if err != nil {
		return auth.Account{}, err
	}
	if len(known) == 0 {
		return auth.Account{}, s.notSignedIn(nil)
	}
	wanted := s.settings.Text("account")
	if wanted == "" && len(known) == 1 {
		return known[0], nil
	}
	if found, ok := findAccount(known, wanted); ok {
		return found, nil
	}
	what := "several accounts are signed in"
	if wanted != "" {
		what = "the account " + command.Quote(wanted) + " is not signed in"
	}
	return auth.Account{}, &fault.Error{
		Kind: fault.SignIn,
		What: what,
		Fix: "choose one with --account: " + choices(known) +
			"; or sign in with `" + s.command("profilectl login") + "`",
	}
}

// notSignedIn is the fault of a command that needs an account.
func (s *session) notSignedIn(err error) error {
	return &fault.Error{
		Kind: fault.SignIn,
		What: "no account is signed in to " + s.tenant,
		Next: fault.DoSignIn,
		Err:  err,
	}
}

// needsUser is the fault of a command that needs the user but may not prompt. It
// suggests the command that may.
func (s *session) needsUser(kind fault.Kind, what, suggested string) error {
	return &fault.Error{
		Kind: kind,
		What: what,
		Fix:  "run `" + s.command(suggested) + "` in a terminal, then this command again",
	}
}

// command completes a suggested command for this run.
func (s *session) command(line string) string { return s.globals.Command(line) }

// warnNotRemembered warns that the work of a command is done, but that the
// configuration could not be changed to match.
func (s *session) warnNotRemembered(what string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	s.progress.Warn("%s: %s\n  fix: %s", what, f.What, s.globals.Fix(f))
	return nil
}

// accountList returns the list of usernames that completion proposes for the tenant.
func (s *session) accountList() accountList {
	return newAccountList(s.paths.State, s.tenant, s.settings)
}

// updateTenant changes the configuration of the tenant, unless the environment
// describes it.
func (s *session) updateTenant(ctx context.Context, change func(*config.File) error) error {
	if s.tenant == config.FromEnvironment {
		return nil
	}
	if err := config.Update(ctx, s.globals.ConfigFile(s.paths), change); err != nil {
		return fmt.Errorf("remember account: %w", err)
	}
	return nil
}
