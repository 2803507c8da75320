package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
)

// administrator is a session of an administrator with a tenant. Its tokens are kept in
// memory only, and end with the command.
type administrator struct {
	session
	options  setupOptions
	form     authority.Form // of the tenant, as it is configured
	http     *http.Client
	signInAt authority.Authority
	api      *setup.API
}

// openAdministrator finds the tenant and signs the administrator in.
func openAdministrator(
	ctx context.Context, env command.Env, g *command.Globals, o setupOptions, permissions []string,
) (*administrator, error) {
	if err := o.SignIn.check(); err != nil {
		return nil, err
	}
	a := &administrator{options: o}
	a.session = session{env: env, globals: g, facts: g.Facts(env), signInOptions: o.SignIn}
	for _, open := range []func(context.Context) error{a.openOutput, a.openTenant, a.discover} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return a, a.authenticate(ctx, permissions)
}

func (a *administrator) openOutput(context.Context) (err error) {
	if a.progress, err = command.NewProgress(a.env.Stderr, a.globals.Progress, a.facts); err != nil {
		return err
	}
	if a.printer, err = command.NewPrinter(a.env, a.globals); err != nil {
		return err
	}
	a.paths, err = config.LocatePaths(a.env.GOOS, a.env.Getenv)
	return err
}

// openTenant finds the tenant: the one of --authority, or a configured one. A tenant of
// the configuration must be the same as that of --authority, so that no wrong one is set
// up.
func (a *administrator) openTenant(context.Context) error {
	file, err := config.Read(a.globals.ConfigFile(a.paths))
	if err != nil {
		return err
	}
	if err := a.chooseTenant(file); err != nil {
		return err
	}
	if a.settings, err = a.globals.Load(a.env, file, a.tenant); err != nil {
		return err
	}
	configured, _ := file.Value("tenants."+a.tenant, "authority")
	given := a.options.Authority
	if given == "" {
		given = a.settings.Text("authority")
	}
	if given == "" {
		_, err := config.Which(file, a.tenant, a.env.Getenv)
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
			What: "the tenant " + a.tenant + " is configured with another authority: " + form.String(),
			Fix:  "choose another name for the new tenant with --tenant, or omit --authority",
		}
	}
	return nil
}

// chooseTenant sets the name of the tenant in the configuration.
func (a *administrator) chooseTenant(file *config.File) (err error) {
	a.tenant = a.globals.Tenant
	switch {
	case a.tenant != "":
	case a.options.Authority != "":
		host := strings.TrimPrefix(a.options.Authority, "https://")
		a.tenant, _, _ = strings.Cut(host, ".")
	default:
		a.tenant, err = config.Which(file, "", a.env.Getenv)
	}
	if err == nil && !config.ValidTenantName(a.tenant) {
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
		a.options.CAFile = a.settings.Text("ca-file")
	}
	a.http, err = upstream.New(upstream.Config{
		CAFile:    a.options.CAFile,
		Timeout:   a.globals.Timeout,
		UserAgent: command.UserAgent(),
		Log:       a.globals.RequestLog(a.env),
	})
	if err != nil {
		return err
	}
	defer a.progress.Step("discover", "Looking up the tenant's endpoints")()
	if a.authority, err = authority.Discover(ctx, a.http, a.form); err != nil {
		return upstream.Fault(err, "cannot reach the tenant")
	}
	at := setup.AdministratorAuthority(a.authority, a.form)
	if a.options.SignInAt != "" {
		if at, err = authority.Parse(a.options.SignInAt); err != nil {
			return err
		}
	}
	if a.signInAt, err = authority.Discover(ctx, a.http, at); err != nil {
		return upstream.Fault(err, "cannot reach the sign-in of administrators")
	}
	if a.signInAt.TenantID != a.authority.TenantID {
		return &fault.Error{
			Kind: fault.Usage,
			What: "administrators would sign in to another tenant: " + a.signInAt.TenantID,
			Fix:  "omit --sign-in-at, or name the tenant " + a.authority.TenantID + " in it",
		}
	}
	return nil
}

// authenticate signs the administrator in.
func (a *administrator) authenticate(ctx context.Context, permissions []string) (err error) {
	if a.globals.NoInput {
		return &fault.Error{
			Kind: fault.SignIn,
			What: "an administrator must sign in, which --no-input rules out",
			Fix:  "run the command in a terminal, or use `profilectl setup export`",
		}
	}
	a.store = tokenstore.Memory()
	a.auth, err = auth.New(auth.Config{
		Authority:    a.signInAt,
		ClientID:     a.options.ClientID,
		Store:        a.store,
		HTTP:         a.http,
		Open:         a.opener(),
		OnHTTPS:      a.explainHTTPS,
		RedirectPort: a.options.SignIn.RedirectPort,
		Wait:         a.globals.Wait,
		Log:          a.globals.Log(a.env),
	})
	if err != nil {
		return err
	}
	client := a.options.ClientID
	if client == setup.DefaultClient {
		client = "Microsoft Graph PowerShell (" + client + "); --client-id chooses another one"
	}
	a.say("Signing in as an administrator of %s with the client %s.\nPermissions: %s.",
		a.authority.TenantID, client, strings.Join(permissions, ", "))
	t, err := a.signIn(ctx, auth.Request{Scopes: setup.FullScopes(permissions)})
	if err != nil {
		return a.rejected(err)
	}
	a.api = &setup.API{
		Base:  a.settings.Text("graph"),
		HTTP:  a.http,
		Token: setup.Tokens(a.auth, t.Account, permissions),
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
