package doctorcmd

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/upstream"
)

// bindSettings makes the flags of serve, without showing them in the help. --timeout
// stays that of every command.
func bindSettings(f *pflag.FlagSet, settings *serveconfig.Flags) {
	before := map[string]bool{"timeout": true}
	f.VisitAll(func(flag *pflag.Flag) { before[flag.Name] = true })
	settings.Bind(f, before)
	f.VisitAll(func(flag *pflag.Flag) { flag.Hidden = flag.Hidden || !before[flag.Name] })
}

// needServe returns a Usage fault if a flag of serve is given without --serve.
func needServe(settings serveconfig.Flags, given bool) error {
	for name := range settings.Given() {
		if !given {
			return &fault.Error{
				Kind: fault.Usage,
				What: "--" + name + " is a setting of the mid-tier",
				Fix:  "add --serve, or leave --" + name + " out",
			}
		}
	}
	return nil
}

// operator returns the mid-tier that the settings of serve describe.
func (s *examination) operator(flags serveconfig.Flags) doctor.Operator {
	return doctor.Operator{
		Probe: func() (*serve.Probe, error) { return s.probe(flags) },
		User:  s.user,
		Now:   time.Now,
	}
}

func (s *examination) probe(flags serveconfig.Flags) (*serve.Probe, error) {
	loaded, err := serveconfig.Load(s.Env, s.Globals, flags)
	if err != nil {
		return nil, err
	}
	log := serveconfig.Warnings(s.Env.Stderr)
	settings, err := serveconfig.Settings(loaded, s.Env, log)
	if err != nil {
		return nil, err
	}
	if settings.HTTP, err = upstream.New(upstream.Config{
		CAFile:    settings.CAFile,
		Timeout:   checkup.Limit,
		Attempts:  1,
		UserAgent: command.UserAgent(),
		Log:       s.Globals.RequestLog(s.Env),
	}); err != nil {
		return nil, err
	}
	return serve.NewProbe(settings, log)
}

// user returns the account that is signed in on this machine.
func (s *examination) user(ctx context.Context) (doctor.User, error) {
	if _, err := s.Load(); err != nil {
		return doctor.User{}, err
	}
	client, err := s.Client()
	if err != nil {
		return doctor.User{}, err
	}
	form, err := authority.Parse(s.Settings.Text("authority"))
	if err != nil {
		return doctor.User{}, err
	}
	if s.Authority, err = authority.Discover(ctx, client, form); err != nil {
		return doctor.User{}, upstream.Fault(err, "cannot reach the tenant of the user")
	}
	if s.Store, err = s.OpenStore(false); err != nil {
		return doctor.User{}, err
	}
	signedIn, account, err := s.Accounts(ctx, s.Authority)
	return doctor.User{
		Auth:      signedIn,
		Account:   account,
		TenantID:  s.Authority.TenantID,
		EditScope: s.Settings.Text("edit-scope"),
	}, err
}

// serveFix words the next step of a fault for the operator who runs doctor. Settings
// are those of serve; actions are those of the user who is signed in on this machine.
func serveFix(g *command.Globals, f *fault.Error) string {
	own := *f
	if places := serveconfig.Places(f.Setting); places != "" {
		own.Fix, own.Setting = own.Fix+" with "+places, ""
	}
	if f.Next == fault.DoCheckSettings {
		own.Next = fault.NoAction
		if own.Fix != "" {
			own.Fix += "; "
		}
		own.Fix += "`profilectl serve --help` describes the settings"
	}
	return g.Fix(&own)
}
