// Package sandboxcmd has the command sandbox, which runs a tenant on this machine, and its
// subcommands, which manage a running one.
package sandboxcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/wrap"
	"github.com/profilectl/profilectl/sandbox"
)

// nameOf returns the name under which a sandbox registers itself as a tenant.
func nameOf(g *command.Globals) string { return cmp.Or(g.Tenant, command.DefaultSandbox) }

// bindKept makes the flags for a tenant that is kept.
func bindKept(f *pflag.FlagSet, o *playground.Options) {
	f.BoolVar(&o.Reset, "reset", false, "replace the stored tenant with a new one")
	f.BoolVar(&o.NewPorts, "new-ports", false, "use other ports; every user must sign in again")
	f.IntVar(&o.FirstPort, "listen", 0, "first of three consecutive `ports`: API, pages, mid-tier")
	f.StringVar(&o.Bind, "bind", "", "IP `address` to listen on, such as 0.0.0.0 (default loopback)")
	f.StringVar(&o.Host, "host", "", "host `name` for other machines; serves everything over https")
}

// bindTenant makes the flags that sandbox and sandbox exec share.
func bindTenant(f *pflag.FlagSet, o *playground.Options) {
	f.StringVar(&o.Seed, "seed", "", "YAML `file` with users, apps and the policy to start with")
	f.StringVar(&o.Attributes, "attributes", "", "YAML `file` with custom attributes, as in serve --attributes")
	f.BoolVar(&o.Empty, "empty", false, "start with only an administrator, for profilectl setup")
	f.StringSliceVar(&o.AdminRoles, "admin-roles", nil, "directory `roles` of the administrator of an empty tenant")
	f.DurationVar(&o.ReplicationLag, "replication-lag", 0, "time until Graph finds a new object")
	f.DurationVar(&o.ReadLag, "read-lag", 0, "time until Graph returns a changed profile")
	f.BoolVar(&o.Limits, "limits", false, "enforce the request limits of an external tenant")
	f.BoolVar(&o.RealNames, "real-names", false, "add Microsoft's host names to the certificate")
	f.BoolVar(&o.HTTPS, "https", false, "serve the sign-in pages over https; browsers must trust the CA")
}

// New returns the command sandbox.
func New(env command.Env, g *command.Globals) *cobra.Command {
	var o playground.Options
	var envFile string
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a tenant, Graph, a mailbox and the mid-tier on this machine",
		Long: `Run a simulated External ID tenant on this machine, with Microsoft Graph, a
mailbox for one-time codes, and the mid-tier. The command runs in the foreground
and adds the tenant to the configuration as "sandbox", or as the name in
--tenant. The tokens of the sandbox are valid only there.`,
		Example: `  profilectl sandbox
  profilectl sandbox --tenant second     # next to the first one
  profilectl -t sandbox login            # in another terminal
  profilectl sandbox --empty --reset     # a tenant to set up
  profilectl sandbox --attributes attributes.yaml --reset
  profilectl sandbox exec -- go test ./...`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), env, g, o, envFile) },
	}
	bindKept(c.Flags(), &o)
	bindTenant(c.Flags(), &o)
	c.Flags().StringVar(&envFile, "env-file", "", "write the variables of sandbox exec to a `file`")
	c.PersistentFlags().StringVar(&o.Dir, "state", "", "`directory` that stores the tenant")
	c.AddCommand(newExec(env, g), newEnv(env, g, &o.Dir))
	addManagement(c, env, g, &o.Dir)
	adviser{env: env, g: g, dir: &o.Dir}.adviseOn(c.Commands())
	return c
}

func run(ctx context.Context, env command.Env, g *command.Globals, o playground.Options, envFile string) error {
	dir, err := stateDir(env, g, o.Dir)
	if err == nil {
		err = checkName(env, g, dir)
	}
	if err != nil {
		return err
	}
	o.Dir, o.Version, o.Log = dir, command.ThisBuild().Version, g.Log(env)
	o.QuickPasswords = env.QuickPasswords
	o.Replaced = func(f sandbox.Facts) error { return register(ctx, env, g, factSettings(f)...) }
	p, err := playground.Start(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	if o.Bind != "" {
		_, _ = fmt.Fprintf(env.Stderr, "warning: the sandbox listens on %s: anyone who can reach "+
			"this machine can use it, and it does not protect anything\n", o.Bind)
	}
	settings := append(factSettings(p.Facts), [2]string{"mid-tier", p.MidTier}, [2]string{"ca-file", p.CAFile})
	if err := register(ctx, env, g, settings...); err != nil {
		return err
	}
	if err := writeVariables(envFile, p.Variables()); err != nil {
		return err
	}
	if err := announce(env, g, p); err != nil {
		return err
	}
	facts := env.Facts()
	if how := command.Reach(facts, p.Facts.Pages); how != "" && o.Bind == "" {
		_, _ = fmt.Fprint(env.Stderr, "\n"+wrap.Message(how, command.WrapWidth(facts.StderrTTY, facts.Width)))
	}
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), command.ErrInterrupted) {
		return command.ExitStatus(0) // Ctrl-C is the normal end of a sandbox
	}
	return nil
}

// checkName rejects a name that belongs to another tenant: a real one, or a
// sandbox that runs from another directory.
func checkName(env command.Env, g *command.Globals, dir string) error {
	name := nameOf(g)
	taken := func(what string) error {
		return &fault.Error{
			Kind: fault.Usage,
			What: what,
			Fix:  "choose another name with `profilectl sandbox --tenant NAME`: " + config.TenantNameRule,
		}
	}
	if !config.ValidTenantName(name) {
		return taken("invalid tenant name " + command.Quote(name))
	}
	file, err := command.ReadConfig(env, g)
	if err != nil {
		return err
	}
	address, _ := file.Value("tenants."+name, "authority")
	caFile, _ := file.Value("tenants."+name, "ca-file")
	own := caFile != "" && filepath.Dir(caFile) == filepath.Clean(dir)
	if u, err := url.Parse(address); !own && address != "" && (err != nil || !loopback.IsHost(u.Hostname())) {
		return taken("the tenant " + name + " in the configuration is not a sandbox")
	}
	if other := filepath.Dir(caFile); caFile != "" && filepath.Clean(dir) != other && playground.Running(other) {
		return taken("another sandbox called " + name + " is running")
	}
	return nil
}

// factSettings returns the settings of a sandbox that an import changes.
func factSettings(f sandbox.Facts) [][2]string {
	return [][2]string{
		{"authority", f.Authority},
		{"client-id", f.ClientID},
		{"edit-scope", f.EditScope},
		{"graph", f.Graph},
	}
}

// register writes settings of the tenant to the configuration.
func register(ctx context.Context, env command.Env, g *command.Globals, settings ...[2]string) error {
	return command.UpdateConfig(ctx, env, g, func(f *config.File) error {
		for _, s := range settings {
			if s[1] == "" {
				continue // an empty tenant has no clients, and setting it up adds them
			}
			if err := f.Set("tenants."+nameOf(g), s[0], s[1]); err != nil {
				return err
			}
		}
		return nil
	})
}
