package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox"
)

func newSandboxEnv(env Env, g *globals, dir *string) *cobra.Command {
	var tier string
	c := &cobra.Command{
		Use: "env", Short: "Print the .env.dev files of Microsoft's sample for a running sandbox", Args: cobra.NoArgs,
		Long: `Print the .env.dev of both tiers of Microsoft's sample "Edit profile in a Node.js
web app", filled in for the sandbox that runs. Give Node.js the sandbox's CA in
NODE_EXTRA_CA_CERTS, and MSAL Node the sandbox's host as a known authority: it asks
Microsoft about every host that it does not know.`,
		Example: `  profilectl sandbox env
  profilectl sandbox env --tier app >App/.env.dev
  profilectl sandbox env --tier api >Api/.env.dev`,
		RunE: func(c *cobra.Command, _ []string) error { return runSandboxEnv(c.Context(), env, g, *dir, tier) },
	}
	c.Flags().StringVar(&tier, "tier", "", "only one of them: app or api")
	complete(c, "tier", oneOfThese("app", "api"))
	return c
}

func runSandboxEnv(ctx context.Context, env Env, g *globals, dir, tier string) error {
	if tier != "" && tier != "app" && tier != "api" {
		return &fault.Error{Kind: fault.Usage, What: quote(tier) + " is no tier of the sample", Fix: "use --tier app or api"}
	}
	printer, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	running, err := openControl(env, g, dir)
	if err != nil {
		return err
	}
	facts, err := running.facts(ctx)
	if err != nil {
		return err
	}
	tiers := map[string][][2]string{"app": appEnv(facts), "api": apiEnv(facts)}
	if !printer.Plain() {
		data := map[string]map[string]string{}
		for name, lines := range tiers {
			data[name] = map[string]string{}
			for _, line := range lines {
				data[name][line[0]] = line[1]
			}
		}
		return printer.Print(data, output.Table{})
	}
	var b strings.Builder
	for _, name := range []string{"app", "api"} {
		if tier != "" && tier != name {
			continue
		}
		if tier == "" {
			fmt.Fprintf(&b, "# %s/.env.dev\n", strings.ToUpper(name[:1])+name[1:])
		}
		for _, line := range tiers[name] {
			fmt.Fprintf(&b, "%s=%q\n", line[0], line[1])
		}
	}
	_, err = fmt.Fprint(env.Stdout, b.String())
	return err
}

// appEnv is the client web app's part.
func appEnv(f sandbox.Facts) [][2]string {
	return [][2]string{
		{"CLIENT_ID", f.WebClientID}, {"CLIENT_SECRET", f.WebSecret}, {"AUTHORITY", f.Authority},
		{"TENANT_SUBDOMAIN", f.Subdomain}, {"TENANT_ID", f.TenantID},
		{"REDIRECT_URI", "http://localhost:3000/auth/redirect"}, {"POST_LOGOUT_REDIRECT_URI", "http://localhost:3000"},
		{"GRAPH_API_ENDPOINT", f.Graph + "/"}, {"EDIT_PROFILE_FOR_CLIENT_WEB_APP", f.EditScope}, {"EXPRESS_SESSION_SECRET", rand.Text()},
	}
}

// apiEnv is the mid-tier's.
func apiEnv(f sandbox.Facts) [][2]string {
	u, err := url.Parse(f.Authority)
	host := ""
	if err == nil {
		host = u.Scheme + "://" + u.Host
	}
	return [][2]string{
		{"CLIENT_ID", f.MidTierID}, {"CLIENT_SECRET", f.MidTierSecret}, {"AUTHORITY", host},
		{"TENANT_SUBDOMAIN", f.Subdomain}, {"TENANT_ID", f.TenantID}, {"GRAPH_API_ENDPOINT", f.Graph + "/"},
	}
}
