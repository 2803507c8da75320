package sandboxcmd

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox"
)

func newEnv(env command.Env, g *command.Globals, dir *string) *cobra.Command {
	var tier string
	var hostMap bool
	c := &cobra.Command{
		Use:   "env",
		Short: "Print the .env.dev files of Microsoft's sample",
		Long: `Print the .env.dev of both tiers of Microsoft's sample "Edit profile in a
Node.js web app", filled in for the running sandbox.

The published code of the sample works only with Microsoft's host names. To run
it unchanged:

  1. Start the sandbox with their names in its certificate:
       profilectl sandbox --real-names
  2. Get the sample, and go to the directory of this one:
       git clone \
         https://github.com/Azure-Samples/ms-identity-ciam-javascript-tutorial
       cd ms-identity-ciam-javascript-tutorial/1-Authentication
       cd 7-edit-profile-with-mfa-express
  3. Write the settings of both tiers, and the host map:
       profilectl sandbox env --tier app >App/.env.dev
       profilectl sandbox env --tier api >Api/.env.dev
       profilectl sandbox env --host-map >host-map.cjs
  4. Run "npm install" in App and in Api.
  5. Run "npm start" in App and in Api, with the variables in the first lines of
     host-map.cjs.
  6. Open http://localhost:3000 with the command in host-map.cjs, and sign in
     with the user, the password and the mailbox that the sandbox printed.

The authority is then https://SUBDOMAIN.ciamlogin.com/, for the sample's MSAL
Node 2. MSAL Node 7 rejects it: it needs
https://TENANT-ID.ciamlogin.com/TENANT-ID.

Without --real-names, the addresses are the sandbox's own. They are for code
that gives MSAL Node the sandbox's host as a known authority.`,
		Example: `  profilectl sandbox env
  profilectl sandbox env --tier app >App/.env.dev
  profilectl sandbox env --tier api >Api/.env.dev
  profilectl sandbox env --host-map >host-map.cjs`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if hostMap {
				return printHostMap(c.Context(), env, g, *dir)
			}
			return runEnv(c.Context(), env, g, *dir, tier)
		},
	}
	c.Flags().StringVar(&tier, "tier", "", "print only one `tier`: app or api")
	c.Flags().BoolVar(&hostMap, "host-map", false, "print a Node.js module that maps Microsoft's host names")
	c.MarkFlagsMutuallyExclusive("tier", "host-map")
	command.Complete(c, "tier", command.OneOf("app", "api"))
	return c
}

// variable is a line of a .env file.
type variable struct{ name, value string }

// sampleTier is a tier of the sample with its variables.
type sampleTier struct {
	name      string
	variables []variable
}

func runEnv(ctx context.Context, env command.Env, g *command.Globals, dir, tier string) error {
	if tier != "" && tier != "app" && tier != "api" {
		return &fault.Error{
			Kind: fault.Usage,
			What: command.Quote(tier) + " is not a tier of the sample",
			Fix:  "use --tier app or --tier api",
		}
	}
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	s, err := describe(ctx, env, g, dir)
	if err != nil {
		return err
	}
	if s.facts.MidTierID == "" {
		return printAdmin(env, printer, s.facts)
	}
	app, api := appVariables(s.facts), apiVariables(s.facts)
	if s.hasRealNames() {
		app, api = underRealNames(app, s.facts), underRealNames(api, s.facts)
	}
	tiers := []sampleTier{{"app", app}, {"api", api}}
	if !printer.Plain() {
		return printer.Print(tiersByName(tiers), output.Table{})
	}
	_, err = fmt.Fprint(env.Stdout, envFiles(tiers, tier))
	return err
}

// printAdmin prints the variables of an empty tenant, to which no tier of the sample belongs
// yet: how its administrator signs in.
func printAdmin(env command.Env, printer output.Printer, f sandbox.Facts) error {
	admin := sampleTier{"admin", []variable{
		{"SANDBOX_AUTHORITY", f.Authority},
		{"SANDBOX_GRAPH", f.Graph},
		{"SANDBOX_ADMIN", f.Admin},
		{"SANDBOX_ADMIN_PASSWORD", f.AdminPassword},
	}}
	if !printer.Plain() {
		return printer.Print(tiersByName([]sampleTier{admin}), output.Table{})
	}
	_, err := fmt.Fprint(env.Stdout, envFiles([]sampleTier{admin}, "admin"))
	return err
}

// tiersByName returns the variables of each tier as objects.
func tiersByName(tiers []sampleTier) map[string]map[string]string {
	data := map[string]map[string]string{}
	for _, t := range tiers {
		data[t.name] = map[string]string{}
		for _, v := range t.variables {
			data[t.name][v.name] = v.value
		}
	}
	return data
}

// envFiles returns the file of one tier, or of all with a heading for each.
func envFiles(tiers []sampleTier, only string) string {
	var b strings.Builder
	for _, t := range tiers {
		if only != "" && only != t.name {
			continue
		}
		if only == "" {
			fmt.Fprintf(&b, "# %s/.env.dev\n", strings.ToUpper(t.name[:1])+t.name[1:])
		}
		for _, v := range t.variables {
			fmt.Fprintf(&b, "%s=%q\n", v.name, v.value)
		}
	}
	return b.String()
}

// appVariables returns the variables of the client web app.
func appVariables(f sandbox.Facts) []variable {
	return []variable{
		{"CLIENT_ID", f.WebClientID},
		{"CLIENT_SECRET", f.WebSecret},
		{"AUTHORITY", f.Authority},
		{"TENANT_SUBDOMAIN", f.Subdomain},
		{"TENANT_ID", f.TenantID},
		{"REDIRECT_URI", "http://localhost:3000/auth/redirect"},
		{"POST_LOGOUT_REDIRECT_URI", "http://localhost:3000"},
		{"GRAPH_API_ENDPOINT", f.Graph + "/"},
		{"EDIT_PROFILE_FOR_CLIENT_WEB_APP", f.EditScope}, // as the how-to names it
		{"EDIT_PROFILE_SCOPE", f.EditScope},              // as the sample's code reads it
		{"EXPRESS_SESSION_SECRET", rand.Text()},
	}
}

// apiVariables returns the variables of the mid-tier.
func apiVariables(f sandbox.Facts) []variable {
	host := ""
	if u, err := url.Parse(f.Authority); err == nil {
		host = u.Scheme + "://" + u.Host
	}
	return []variable{
		{"CLIENT_ID", f.MidTierID},
		{"CLIENT_SECRET", f.MidTierSecret},
		{"AUTHORITY", host},
		{"TENANT_SUBDOMAIN", f.Subdomain},
		{"TENANT_ID", f.TenantID},
		{"GRAPH_API_ENDPOINT", f.Graph + "/"},
	}
}

// underRealNames replaces the addresses with those that the published sample has.
// Its code appends the tenant to the authority, which must therefore be only a host.
func underRealNames(variables []variable, f sandbox.Facts) []variable {
	for i := range variables {
		switch variables[i].name {
		case "AUTHORITY":
			variables[i].value = "https://" + f.Subdomain + ".ciamlogin.com/"
		case "GRAPH_API_ENDPOINT":
			variables[i].value = "https://graph.microsoft.com/"
		}
	}
	return variables
}
