package sandboxcmd

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newApp(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "app",
		Short: "Manage the app registrations of a running sandbox",
		Example: `  profilectl sandbox app list
  profilectl sandbox app add my-web-app \
    --redirect-uri http://localhost:3000/auth/redirect --secret
  profilectl sandbox app add my-spa --spa-redirect-uri http://localhost:5173
  profilectl sandbox app add orders --scope Orders.Read --token-version 2 \
    --permission User.ReadWrite --secret
  profilectl sandbox app edit 11111111-… --permission User.Read \
    --permission api://…/Orders.Read
  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAppAdd(m), newAppEdit(m), newAppTrust(m))
	c.AddCommand(newAppSecret(m), newAppOptionalClaims(m), newAppIDTokenClaims(m))
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the app registrations",
		Args:  cobra.NoArgs,
		RunE:  m.run(listApps),
	}, &cobra.Command{
		Use:               "remove CLIENT-ID",
		Short:             "Remove an app registration, its consents and its policies",
		Example:           "  profilectl sandbox app remove 11111111-…",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.apps()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if err := c.RemoveApp(ctx, args[0]); err != nil {
				return err
			}
			return removed(p, args[0])
		}),
	})
	return c
}

// appFlags are the properties of an app that can be set when it is added and changed
// later.
type appFlags struct {
	redirectURIs, spaRedirectURIs []string
	logoutURL, appIDURI           string
	scopes, permissions           []string
	tokenVersion                  int
}

func (a *appFlags) bind(f *pflag.FlagSet) {
	f.StringArrayVar(&a.redirectURIs, "redirect-uri", nil, "redirect `URI` (repeatable)")
	f.StringArrayVar(&a.spaRedirectURIs, "spa-redirect-uri", nil,
		"redirect `URI` of a single-page app (repeatable)")
	f.StringVar(&a.logoutURL, "logout-url", "", "`URL` that the browser loads when the user signs out")
	f.StringVar(&a.appIDURI, "app-id-uri", "", "App ID `URI` of an API (default: api://CLIENT-ID)")
	f.StringArrayVar(&a.scopes, "scope", nil, "`scope` that the API exposes (repeatable)")
	f.StringArrayVar(&a.permissions, "permission", nil,
		"granted `permission`, such as User.Read or api://…/SCOPE (repeatable)")
	f.IntVar(&a.tokenVersion, "token-version", 0, "`version` of the API's access tokens: 1 or 2 (default 1)")
}

func newAppAdd(m manager) *cobra.Command {
	var flags appFlags
	var secret bool
	var id string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Register an app",
		Long: `Register a client, an API, or an app that is both. With --secret, print its
secret. Without --permission, the app can request User.Read and the scope of
EditProfileService.`,
		Example: `  profilectl sandbox app add my-web-app \
    --redirect-uri http://localhost:3000/auth/redirect --secret
  profilectl sandbox app add my-spa --spa-redirect-uri http://localhost:5173
  profilectl sandbox app add orders --scope Orders.Read --token-version 2 \
    --permission User.ReadWrite --secret`,
		Args: cobra.ExactArgs(1),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			added, err := c.AddApp(ctx, control.App{
				ID:              id,
				Name:            args[0],
				Public:          !secret,
				RedirectURIs:    flags.redirectURIs,
				SPARedirectURIs: flags.spaRedirectURIs,
				LogoutURL:       flags.logoutURL,
				AppIDURI:        flags.appIDURI,
				Scopes:          flags.scopes,
				TokenVersion:    flags.tokenVersion,
				Permissions:     flags.permissions,
			})
			if err != nil {
				return err
			}
			return p.Print(added, output.Table{
				Columns: []string{"NAME", "CLIENT ID", "SECRET"},
				Whole:   []string{"CLIENT ID", "SECRET"},
				Rows:    [][]string{{added.Name, added.ID, added.Secret}},
			})
		}),
	}
	flags.bind(c.Flags())
	c.Flags().BoolVar(&secret, "secret", false, "register a confidential client, such as a web app or an API")
	c.Flags().StringVar(&id, "id", "", "client `ID` (default: a new one)")
	return c
}

func newAppEdit(m manager) *cobra.Command {
	var flags appFlags
	var name string
	c := &cobra.Command{
		Use:   "edit CLIENT-ID",
		Short: "Change an app registration",
		Long: `Change an app registration. A repeatable flag replaces the whole list; an empty
value clears the list.`,
		Example: `  profilectl sandbox app edit 11111111-… --permission User.Read \
    --permission api://…/Orders.Read
  profilectl sandbox app edit 11111111-… --spa-redirect-uri ""`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.apps()),
	}
	f := c.Flags()
	flags.bind(f)
	f.StringVar(&name, "name", "", "`name` of the app")
	c.RunE = m.run(func(ctx context.Context, client *control.Client, _ output.Printer, args []string) error {
		change := flags.change(f)
		if f.Changed("name") {
			change.Name = &name
		}
		return client.ChangeApp(ctx, args[0], change)
	})
	return c
}

// change returns the change that the flags on the command line describe.
func (a *appFlags) change(f *pflag.FlagSet) (change control.AppChange) {
	for name, list := range map[string]struct{ from, to *[]string }{
		"redirect-uri":     {&a.redirectURIs, &change.RedirectURIs},
		"spa-redirect-uri": {&a.spaRedirectURIs, &change.SPARedirectURIs},
		"scope":            {&a.scopes, &change.Scopes},
		"permission":       {&a.permissions, &change.Permissions},
	} {
		if !f.Changed(name) {
			continue
		}
		*list.to = []string{}
		for _, value := range *list.from {
			if value != "" {
				*list.to = append(*list.to, value)
			}
		}
	}
	if f.Changed("logout-url") {
		change.LogoutURL = &a.logoutURL
	}
	if f.Changed("app-id-uri") {
		change.AppIDURI = &a.appIDURI
	}
	if f.Changed("token-version") {
		change.TokenVersion = &a.tokenVersion
	}
	return change
}

func listApps(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	apps, err := c.Apps(ctx)
	if err != nil {
		return err
	}
	t := output.Table{
		Columns: []string{"NAME", "CLIENT ID", "KIND", "REDIRECT URIS", "APP ID URI"},
		Whole:   []string{"CLIENT ID", "REDIRECT URIS"},
	}
	for _, a := range apps {
		kind := "confidential"
		if a.Public {
			kind = "public"
		}
		uris := strings.Join(append(a.RedirectURIs, a.SPARedirectURIs...), " ")
		t.Rows = append(t.Rows, []string{a.Name, a.ID, kind, uris, a.AppIDURI})
	}
	return p.Print(apps, t)
}

func newAppSecret(m manager) *cobra.Command {
	return &cobra.Command{
		Use:               "new-secret CLIENT-ID",
		Short:             "Replace the secret of a confidential client and print it",
		Example:           "  profilectl sandbox app new-secret 11111111-…",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.apps()),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			secret, err := c.ReplaceSecret(ctx, args[0])
			if err != nil {
				return err
			}
			return p.Print(map[string]string{"id": args[0], "secret": secret}, output.Table{
				Columns: []string{"CLIENT ID", "SECRET"},
				Whole:   []string{"CLIENT ID", "SECRET"},
				Rows:    [][]string{{args[0], secret}},
			})
		}),
	}
}

func newAppOptionalClaims(m manager) *cobra.Command {
	return &cobra.Command{
		Use:               "optional-claims CLIENT-ID [auth_time]",
		Short:             "Set the optional claims of an API's access tokens",
		Example:           "  profilectl sandbox app optional-claims 11111111-… auth_time",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: command.InOrder(m.apps(), optionalClaims()),
		RunE: m.run(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
			return c.SetOptionalClaims(ctx, args[0], args[1:]...)
		}),
	}
}

func newAppIDTokenClaims(m manager) *cobra.Command {
	return &cobra.Command{
		Use:               "id-token-claims CLIENT-ID [login_hint]",
		Short:             "Set the optional claims of a client's ID tokens",
		Example:           "  profilectl sandbox app id-token-claims 11111111-… login_hint sid",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: command.InOrder(m.apps(), optionalClaims()),
		RunE: m.run(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
			return c.SetIDTokenClaims(ctx, args[0], args[1:]...)
		}),
	}
}

// newAppTrust registers a credential of a confidential client other than
// its secret.
func newAppTrust(m manager) *cobra.Command {
	var credential control.Credential
	var certificate, key string
	c := &cobra.Command{
		Use:   "trust CLIENT-ID",
		Short: "Trust a certificate or a workload identity of a client",
		Example: `  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem
  profilectl sandbox app trust 11111111-… --issuer https://platform.example \
    --subject me --key issuer.pem`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: command.FirstArgument(m.apps()),
		RunE: m.run(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
			var err error
			if credential.Certificate, err = readPEM("certificate", certificate); err != nil {
				return err
			}
			if credential.Key, err = readPEM("key", key); err != nil {
				return err
			}
			return c.AddCredential(ctx, args[0], credential)
		}),
	}
	f := c.Flags()
	f.StringVar(&certificate, "certificate", "", "PEM `file` with the client's certificate")
	f.StringVar(&credential.Issuer, "issuer", "", "`URL` of the issuer of the platform's tokens")
	f.StringVar(&credential.Subject, "subject", "", "`subject` of the platform's tokens")
	f.StringVar(&key, "key", "", "PEM `file` with the issuer's public key")
	return c
}

// readPEM returns the content of the file that a flag names, if it does.
func readPEM(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "the file " + path + " cannot be read",
			Fix:  "correct --" + flag,
			Err:  err,
		}
	}
	return string(raw), nil
}
