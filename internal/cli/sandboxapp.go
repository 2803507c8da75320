package cli

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

func newSandboxApp(with withControl) *cobra.Command {
	c := &cobra.Command{
		Use: "app", Short: "List and register the clients of a running sandbox", Args: cobra.NoArgs,
		Example: `  profilectl sandbox app list
  profilectl sandbox app add my-web-app --redirect-uri http://localhost:3000/auth/redirect --secret
  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var a sandboxApp
	var secret bool
	add := &cobra.Command{
		Use: "add NAME", Short: "Register a client; the secret of a confidential one is printed once", Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, c *control, p output.Printer, args []string) error {
			a.Name, a.Public = args[0], !secret
			var made sandboxApp
			if err := c.call(ctx, http.MethodPost, "/apps", a, &made); err != nil {
				return err
			}
			return p.Print(made, output.Table{Columns: []string{"NAME", "CLIENT ID", "SECRET"}, Rows: [][]string{{made.Name, made.ID, made.Secret}}})
		}),
	}
	add.Flags().StringArrayVar(&a.RedirectURIs, "redirect-uri", nil, "`address` that the browser comes back to, may be repeated")
	add.Flags().BoolVar(&secret, "secret", false, "a confidential client, such as a web app; without it, a public one")
	c.AddCommand(add, newAppTrust(with), &cobra.Command{
		Use: "optional-claims CLIENT-ID [auth_time]", Short: "Say which claims the tokens for an API carry beside the usual ones", Args: cobra.MinimumNArgs(1),
		Example: "  profilectl sandbox app optional-claims 11111111-… auth_time",
		RunE: with(func(ctx context.Context, c *control, _ output.Printer, args []string) error {
			return c.call(ctx, http.MethodPut, "/apps/"+url.PathEscape(args[0])+"/optional-claims", args[1:], nil)
		}),
	}, &cobra.Command{
		Use: "list", Short: "List the registered clients", Args: cobra.NoArgs,
		RunE: with(func(ctx context.Context, c *control, p output.Printer, _ []string) error {
			var all []sandboxApp
			if err := c.call(ctx, http.MethodGet, "/apps", nil, &all); err != nil {
				return err
			}
			t := output.Table{Columns: []string{"NAME", "CLIENT ID", "KIND", "REDIRECT URIS"}}
			for _, a := range all {
				kind := "confidential"
				if a.Public {
					kind = "public"
				}
				t.Rows = append(t.Rows, []string{a.Name, a.ID, kind, strings.Join(a.RedirectURIs, " ")})
			}
			return p.Print(all, t)
		}),
	})
	return c
}

// newAppTrust registers what a confidential client may prove itself with in
// place of its secret.
func newAppTrust(with withControl) *cobra.Command {
	var certificate, issuer, subject, key string
	c := &cobra.Command{
		Use: "trust CLIENT-ID", Short: "Let a confidential client prove itself with a certificate, or a platform's token", Args: cobra.ExactArgs(1),
		Example: `  profilectl sandbox app trust 11111111-… --certificate mid-tier.pem
  profilectl sandbox app trust 11111111-… --issuer https://platform.example --subject me --key issuer.pem`,
		RunE: with(func(ctx context.Context, c *control, _ output.Printer, args []string) error {
			order := map[string]string{"issuer": issuer, "subject": subject}
			for name, path := range map[string]string{"certificate": certificate, "key": key} {
				if path == "" {
					continue
				}
				raw, err := os.ReadFile(path)
				if err != nil {
					return &fault.Error{Kind: fault.Usage, What: "the file " + path + " cannot be read", Fix: "correct --" + name, Err: err}
				}
				order[name] = string(raw)
			}
			return c.call(ctx, http.MethodPost, "/apps/"+url.PathEscape(args[0])+"/credentials", order, nil)
		}),
	}
	c.Flags().StringVar(&certificate, "certificate", "", "PEM `file` with the client's certificate; a key in it is not read")
	c.Flags().StringVar(&issuer, "issuer", "", "who issues the platform's tokens, a `URL`")
	c.Flags().StringVar(&subject, "subject", "", "`whom` the platform's tokens name")
	c.Flags().StringVar(&key, "key", "", "PEM `file` with the issuer's public key")
	return c
}
