package setupcmd

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
)

// administrator is a session of an administrator with a tenant. Its tokens are kept in
// memory only, and end with the command.
type administrator struct {
	session.Session
	options  options
	form     authority.Form // of the tenant, as it is configured
	http     *http.Client
	signInAt authority.Authority
	api      *setup.API
}

// openAdministrator finds the tenant and signs the administrator in.
func openAdministrator(
	ctx context.Context, env command.Env, g *command.Globals, o options, permissions []string,
) (*administrator, error) {
	if err := o.SignIn.Check(); err != nil {
		return nil, err
	}
	a := &administrator{options: o}
	a.Session = session.Session{Env: env, Globals: g, Facts: g.Facts(env), SignInOptions: o.SignIn}
	for _, open := range []func(context.Context) error{a.openOutput, a.openTenant, a.discover} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return a, a.authenticate(ctx, permissions)
}

func (a *administrator) openOutput(context.Context) (err error) {
	if a.Progress, err = command.NewProgress(a.Env.Stderr, a.Globals.Progress, a.Facts); err != nil {
		return err
	}
	if a.Printer, err = command.NewPrinter(a.Env, a.Globals); err != nil {
		return err
	}
	a.Paths, err = config.LocatePaths(a.Env.GOOS, a.Env.Getenv)
	return err
}

// openTenant finds the tenant: the one of --authority, or a configured one. A tenant of
// the configuration must be the same as that of --authority, so that no wrong one is set
// up.
func (a *administrator) openTenant(context.Context) error {
	file, err := config.Read(a.Globals.ConfigFile(a.Paths))
	if err != nil {
		return err
	}
	if err := a.chooseTenant(file); err != nil {
		return err
	}
	if a.Settings, err = a.Globals.Load(a.Env, file, a.Tenant); err != nil {
		return err
	}
	configured, _ := file.Value("tenants."+a.Tenant, "authority")
	given := a.options.Authority
	if given == "" {
		given = a.Settings.Text("authority")
	}
	if given == "" {
		_, err := config.Which(file, a.Tenant, a.Env.Getenv)
		return err
	}
	if a.form, err = authority.Parse(given); err != nil {
		return err
	}
	if configured == "" {
		return nil
	}
	if form, err := authority.Parse(configured); err == nil && form != a.form {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the tenant " + a.Tenant + " is configured with another authority: " + form.String(),
			Fix:  "choose another name for the new tenant with --tenant, or omit --authority",
		}
	}
	return nil
}

// chooseTenant sets the name of the tenant in the configuration.
func (a *administrator) chooseTenant(file *config.File) (err error) {
	a.Tenant = a.Globals.Tenant
	switch {
	case a.Tenant != "":
	case a.options.Authority != "":
		host := strings.TrimPrefix(a.options.Authority, "https://")
		a.Tenant, _, _ = strings.Cut(host, ".")
	default:
		a.Tenant, err = config.Which(file, "", a.Env.Getenv)
	}
	if err == nil && !config.ValidTenantName(a.Tenant) {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the tenant needs a name in the configuration",
			Fix:  "choose one with --tenant, such as contoso",
		}
	}
	return err
}

// discover looks the tenant and the sign-in of its administrators up.
func (a *administrator) discover(ctx context.Context) (err error) {
	if a.options.CAFile == "" {
		a.options.CAFile = a.Settings.Text("ca-file")
	}
	a.http, err = upstream.New(upstream.Config{
		CAFile:    a.options.CAFile,
		Timeout:   a.Globals.Timeout,
		UserAgent: command.UserAgent(),
		Log:       a.Globals.RequestLog(a.Env),
	})
	if err != nil {
		return err
	}
	defer a.Progress.Step("discover", "Looking up the tenant's endpoints")()
	if a.Authority, err = authority.Discover(ctx, a.http, a.form); err != nil {
		return upstream.Fault(err, "cannot reach the tenant")
	}
	at := setup.AdministratorAuthority(a.Authority, a.form)
	if a.options.SignInAt != "" {
		if at, err = authority.Parse(a.options.SignInAt); err != nil {
			return err
		}
	}
	if a.signInAt, err = authority.Discover(ctx, a.http, at); err != nil {
		return upstream.Fault(err, "cannot reach the sign-in of administrators")
	}
	if a.signInAt.TenantID != a.Authority.TenantID {
		return &fault.Error{
			Kind: fault.Usage,
			What: "administrators would sign in to another tenant: " + a.signInAt.TenantID,
			Fix:  "omit --sign-in-at, or name the tenant " + a.Authority.TenantID + " in it",
		}
	}
	return nil
}

// authenticate signs the administrator in.
func (a *administrator) authenticate(ctx context.Context, permissions []string) (err error) {
	if a.Globals.NoInput {
		return &fault.Error{
			Kind: fault.SignIn,
			What: "an administrator must sign in, which --no-input rules out",
			Fix:  "run the command in a terminal, or use `profilectl setup export`",
		}
	}
	a.Store = tokenstore.Memory()
	a.Auth, err = auth.New(auth.Config{
		Authority:    a.signInAt,
		ClientID:     a.options.ClientID,
		Store:        a.Store,
		HTTP:         a.http,
		Open:         a.Opener(),
		OnHTTPS:      a.ExplainHTTPS,
		RedirectPort: a.options.SignIn.RedirectPort,
		Wait:         a.Globals.Wait,
		Log:          a.Globals.Log(a.Env),
	})
	if err != nil {
		return err
	}
	client := a.options.ClientID
	if client == setup.DefaultClient {
		client = "Microsoft Graph PowerShell (" + client + "); --client-id chooses another one"
	}
	a.Say("Signing in as an administrator of %s with the client %s.\nPermissions: %s.",
		a.Authority.TenantID, client, strings.Join(permissions, ", "))
	t, err := a.SignIn(ctx, auth.Request{Scopes: setup.FullScopes(permissions)})
	if err != nil {
		return a.rejected(err)
	}
	a.api = &setup.API{
		Base:  a.Settings.Text("graph"),
		HTTP:  a.http,
		Token: setup.Tokens(a.Auth, t.Account, permissions),
	}
	return nil
}

// rejected explains a failed sign-in, and names the flag that chooses another client.
func (a *administrator) rejected(err error) error {
	err = setup.SignInFault(err, a.options.ClientID)
	if f := *fault.As(err); f.Next == fault.DoOpenPage {
		f.Next = fault.NoAction
		f.Fix = "run the command again; if the page did not open, add --no-browser; " +
			"if it shows an error about the application, choose another client with --client-id"
		return &f
	}
	if errors.Is(err, setup.ErrClientRejected) {
		f := *fault.As(err)
		f.Fix += " with --client-id"
		return &f
	}
	return err
}
