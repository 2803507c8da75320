package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newSandboxApp(with withSandbox) *cobra.Command {
	c := &cobra.Command{
		Use:   "app",
		Short: "List and register the clients of a running sandbox",
		Example: `  profilectl sandbox app list
  profilectl sandbox app add my-web-app --redirect-uri http://localhost:3000/auth/redirect --secret
  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSandboxAppAdd(with), newSandboxAppTrust(with), &cobra.Command{
		Use:     "optional-claims CLIENT-ID [auth_time]",
		Short:   "Set the optional claims of an API's access tokens",
		Example: "  profilectl sandbox app optional-claims 11111111-… auth_time",
		Args:    cobra.MinimumNArgs(1),
		RunE: with(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
			return c.SetOptionalClaims(ctx, args[0], args[1:]...)
		}),
	}, &cobra.Command{
		Use:   "list",
		Short: "List the registered clients",
		Args:  cobra.NoArgs,
		RunE:  with(listSandboxApps),
	})
	return c
}

func newSandboxAppAdd(with withSandbox) *cobra.Command {
	var app control.App
	var secret bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Register a client and print its secret, if it has one",
		Args:  cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			app.Name, app.Public = args[0], !secret
			added, err := c.AddApp(ctx, app)
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
	c.Flags().StringArrayVar(&app.RedirectURIs, "redirect-uri", nil, "redirect `URI`; may be repeated")
	c.Flags().BoolVar(&secret, "secret", false, "register a confidential client, such as a web app")
	return c
}

func listSandboxApps(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	apps, err := c.Apps(ctx)
	if err != nil {
		return err
	}
	t := output.Table{
		Columns: []string{"NAME", "CLIENT ID", "KIND", "REDIRECT URIS"},
		Whole:   []string{"CLIENT ID", "REDIRECT URIS"},
	}
	for _, a := range apps {
		kind := "confidential"
		if a.Public {
			kind = "public"
		}
		t.Rows = append(t.Rows, []string{a.Name, a.ID, kind, strings.Join(a.RedirectURIs, " ")})
	}
	return p.Print(apps, t)
}

// newSandboxAppTrust registers a credential of a confidential client other than
// its secret.
func newSandboxAppTrust(with withSandbox) *cobra.Command {
	var credential control.Credential
	var certificate, key string
	c := &cobra.Command{
		Use:   "trust CLIENT-ID",
		Short: "Accept a certificate or a platform's token from a client",
		Example: `  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem
  profilectl sandbox app trust 11111111-… --issuer https://platform.example --subject me --key issuer.pem`,
		Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, c *control.Client, _ output.Printer, args []string) error {
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
	f.StringVar(&credential.Issuer, "issuer", "", "issuer of the platform's tokens, a `URL`")
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
