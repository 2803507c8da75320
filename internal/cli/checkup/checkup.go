// Package checkup runs the checks of a tenant for the commands that need them: doctor, and
// setup after it has changed a tenant.
package checkup

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
)

// The time limits of the checks, for one check and for all, and the pause between runs.
const (
	Limit      = 8 * time.Second
	totalLimit = 20 * time.Second
	RetryPause = 5 * time.Second
)

// Check is the result of a check, as scripts read it.
type Check struct {
	ID     string        `json:"id"`
	Status doctor.Status `json:"status"`
	Seen   string        `json:"seen"`
	Fix    string        `json:"fix"`  // empty if nothing needs to be done
	Link   string        `json:"link"` // empty if there is no page about the subject
}

// Session is a session whose parts are connected by the checks, one by one.
type Session struct {
	session.Session
	http  *http.Client
	Words func(*fault.Error) string // words the fix of a result; the default is that for users
}

// New returns an examined session. Nothing is read yet.
func New(env command.Env, g *command.Globals) (*Session, error) {
	s := &Session{Session: session.Session{Env: env, Globals: g, Facts: g.Facts(env)}, Words: g.Fix}
	var err error
	if s.Progress, err = command.NewProgress(env.Stderr, command.ProgressNone, terminal.Capabilities{}); err != nil {
		return nil, err
	}
	if s.Paths, err = config.LocatePaths(env.GOOS, env.Getenv); err != nil {
		return nil, err
	}
	return s, nil
}

// Target returns what the checks of a user examine.
func (s *Session) Target() doctor.Target {
	return doctor.Target{
		Settings: s.Load,
		HTTP:     s.Client,
		Proxy:    http.ProxyFromEnvironment,
		Now:      time.Now,
		Browser:  s.browserCommand,
		Store:    s.roundtrip,
		Accounts: s.Accounts,
	}
}

// Load reads the settings of the tenant.
func (s *Session) Load() (config.Settings, error) {
	var err error
	s.Tenant, s.Settings, err = s.Globals.Settings(s.Env, s.Paths)
	return s.Settings, err
}

// Client returns the client of the checks: without retries, so that a failure shows in
// time.
func (s *Session) Client() (*http.Client, error) {
	var err error
	s.http, err = upstream.New(upstream.Config{
		CAFile:    s.Settings.Text("ca-file"),
		Timeout:   Limit,
		Attempts:  1,
		UserAgent: command.UserAgent(),
		Log:       s.Globals.RequestLog(s.Env),
	})
	return s.http, err
}

// browserCommand returns the command that opens the sign-in page, or why there is none.
func (s *Session) browserCommand() (name, why string) {
	if s.Env.OpenBrowser != nil {
		return "the test's browser", ""
	}
	plan := s.Browser().Plan("")
	if len(plan.Commands) == 0 {
		return "", plan.Why
	}
	if plan.Commands[0].Self {
		return "the browser of the system", ""
	}
	return filepath.Base(plan.Commands[0].Argv[0]), ""
}

// roundtrip writes to the store that a sign-in would use, under a name of its own.
func (s *Session) roundtrip(ctx context.Context, a authority.Authority) (string, error) {
	s.Authority = a
	var err error
	if s.Store, err = s.OpenStore(false); err != nil {
		return "", err
	}
	if s.Store.Kind() == "memory" {
		return "memory", nil
	}
	probe := s.StoreConfig()
	probe.Service = tokenstore.Service(a.URL, "doctor", s.Tenant)
	probe.Wait = Limit / 2
	return s.Store.Kind(), tokenstore.Roundtrip(ctx, func() (*tokenstore.Store, error) {
		if s.Store.Kind() == "file" {
			return tokenstore.NewFile(probe)
		}
		return tokenstore.New(probe)
	})
}

// Accounts returns the sign-in client and the account of the session. The clients are made
// first.
func (s *Session) Accounts(ctx context.Context, _ authority.Authority) (*auth.Client, auth.Account, error) {
	if err := s.Connect(s.http); err != nil {
		return nil, auth.Account{}, err
	}
	account, err := s.Account(ctx)
	return s.Auth, account, err
}

// Check returns a result in the words for the user of this run.
func (s *Session) Check(r doctor.Result) Check {
	c := Check{ID: r.ID, Status: r.Status, Seen: r.Seen}
	if r.Fault != nil {
		c.Fix = s.Words(r.Fault)
	}
	if r.Status != doctor.OK {
		c.Link = r.Link
	}
	return c
}

// Run runs checks within their time limits, and reports each result as soon as it is
// known.
func Run(ctx context.Context, checks []doctor.Check, report func(doctor.Result)) []doctor.Result {
	ctx, cancel := context.WithTimeout(ctx, totalLimit)
	defer cancel()
	return doctor.Run(ctx, checks, Limit, report)
}

// Failed returns the fault of a run with failed checks, or nil. The rest is added to its fix.
func Failed(results []doctor.Result, rest string) error {
	var ids []string
	for _, r := range doctor.Failures(results) {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	return &fault.Error{
		Kind: fault.Internal,
		What: "failed checks: " + strings.Join(ids, ", "),
		Fix:  "follow the fixes above, the first one first" + rest,
	}
}
